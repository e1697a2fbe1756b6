// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title Keeps the newest tree head of every region's log and lets it only grow.
/// @notice Logs are RFC 9162 trees over SHA-256. A head is the pair (size, root). A head replaces the one before only
/// with a consistency proof (RFC 9162 section 2.1.4) that is checked here, so a region that rewrote a leaf which was
/// anchored can never anchor again. Only the newest head is state; the older ones are the events.
/// @dev Example: a log of 3 leaves was anchored and now has 7. Its anchor account calls
/// `anchor(log, 7, root7, proof)` with `proof` = PROOF(3, D_7) = [c, d, g, l] of the RFC's example tree.
/// Who may anchor, and which logs are closed, is asked of the RegionRegistry given at construction.
interface ITreeHeadLedger {
    /// @notice A log's head moved from (oldSize, oldRoot) to (size, root); the first head comes from (0, 0).
    event TreeHeadAnchored(
        bytes32 indexed log,
        uint64 indexed size,
        bytes32 root,
        uint64 oldSize,
        bytes32 oldRoot
    );

    /// @notice The registry knows no log of this id.
    error LogUnknown(bytes32 log);
    /// @notice Only the log's anchor account may anchor.
    error AnchorAccountWrong(bytes32 log, address expected, address got);
    /// @notice The log was closed at `closingSize`; its head is final.
    error LogIsClosed(bytes32 log, uint64 closingSize, uint64 got);
    /// @notice An empty tree has nothing to anchor.
    error TreeSizeZero(bytes32 log);
    /// @notice A log never shrinks. A call replayed after the head moved ends here.
    error TreeSizeSmaller(bytes32 log, uint64 size, uint64 got);
    /// @notice One size has one root.
    error TreeRootDiffers(bytes32 log, uint64 size, bytes32 root, bytes32 got);
    /// @notice One call may add at most `limit` leaves.
    error TreeGrowthTooLarge(bytes32 log, uint64 size, uint64 got, uint64 limit);
    /// @notice The proof has fewer hashes than these two sizes need.
    error ConsistencyProofTooShort(uint64 oldSize, uint64 newSize, uint256 got);
    /// @notice The proof has more hashes than these two sizes need.
    error ConsistencyProofTooLong(uint64 oldSize, uint64 newSize, uint256 got);
    /// @notice The proof does not lead to the root at the older size: history was rewritten or a hash is wrong.
    error ConsistencyOldRootDiffers(uint64 oldSize, bytes32 root, bytes32 computed);
    /// @notice The proof does not lead to the root at the newer size.
    error ConsistencyNewRootDiffers(uint64 newSize, bytes32 root, bytes32 computed);
    /// @notice Only the registry may do this.
    error RegistryOnly(address registry, address got);

    /// @notice Replaces the head of `log` by (size, root). A call that repeats the current head succeeds, changes
    /// nothing and emits nothing, so a worker that lost its answer may send again.
    /// @param log SHA-256 of the log's origin.
    /// @param size Leaves in the tree; larger than before, by at most MAX_GROWTH.
    /// @param root RFC 9162 tree hash at `size`.
    /// @param proof RFC 9162 consistency proof from the current head to the new one; empty for the first head.
    function anchor(bytes32 log, uint64 size, bytes32 root, bytes32[] calldata proof) external;

    /// @notice Settles the head of a log that two regions close at (size, root); only the registry calls it, once.
    /// @dev A closing head beyond the current head becomes the head, by the same rules as an anchor. A closing head
    /// before it (a thief anchored ahead) must be a prefix of the head, which stays: heads never go back.
    /// @param proof Consistency proof from the smaller of the two heads to the larger; empty when they are equal or
    /// the log has no head yet.
    function settle(bytes32 log, uint64 size, bytes32 root, bytes32[] calldata proof) external;

    /// @notice The newest head of `log`; all zero before the first.
    /// @return size Leaves in the tree.
    /// @return root Tree hash.
    /// @return time Block time of the anchor, in seconds since 1970.
    function head(bytes32 log) external view returns (uint64 size, bytes32 root, uint64 time);

    /// @notice The registry that says who may anchor.
    function registry() external view returns (address);

    /// @notice Version of this contract's rules; a new version is a new contract.
    function VERSION() external view returns (uint32);

    /// @notice Most leaves that one call may add: a stolen anchor key could else jump to 2^64 - 1.
    function MAX_GROWTH() external view returns (uint64);
}
