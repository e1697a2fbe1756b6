// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IRegionRegistry} from "./interfaces/IRegionRegistry.sol";
import {ITreeHeadLedger} from "./interfaces/ITreeHeadLedger.sol";
import {ConsistencyProof} from "./libraries/ConsistencyProof.sol";
import {RegionRegistry} from "./RegionRegistry.sol";

/// @title The newest tree head of every log: see ITreeHeadLedger.
contract TreeHeadLedger is ITreeHeadLedger {
    /// @dev Two slots: the root, and size with time.
    struct Head {
        bytes32 root;
        uint64 size;
        uint64 time;
    }

    /// @inheritdoc ITreeHeadLedger
    uint32 public constant VERSION = 1;

    /// @inheritdoc ITreeHeadLedger
    uint64 public constant MAX_GROWTH = 1 << 24;

    IRegionRegistry private immutable _registry;

    mapping(bytes32 log => Head head) private _heads;

    /// @param registry_ The registry deployed just before; it accepts exactly one ledger, this one.
    constructor(RegionRegistry registry_) {
        _registry = registry_;
        registry_.bindLedger();
    }

    /// @inheritdoc ITreeHeadLedger
    function anchor(bytes32 log, uint64 size, bytes32 root, bytes32[] calldata proof) external {
        (address account, bool closed) = _registry.anchorRule(log);
        if (account == address(0)) revert LogUnknown(log);
        if (msg.sender != account) revert AnchorAccountWrong(log, account, msg.sender);
        Head storage current = _heads[log];
        (uint64 oldSize, bytes32 oldRoot) = (current.size, current.root);
        if (size == 0) revert TreeSizeZero(log);
        if (size == oldSize && root == oldRoot) return;
        if (closed) revert LogIsClosed(log, _registry.closing(log).size, size);
        if (size < oldSize) revert TreeSizeSmaller(log, oldSize, size);
        _advance(log, oldSize, oldRoot, size, root, proof);
    }

    /// @inheritdoc ITreeHeadLedger
    function settle(bytes32 log, uint64 size, bytes32 root, bytes32[] calldata proof) external {
        if (msg.sender != address(_registry)) revert RegistryOnly(address(_registry), msg.sender);
        if (size == 0) revert TreeSizeZero(log);
        Head storage current = _heads[log];
        (uint64 oldSize, bytes32 oldRoot) = (current.size, current.root);
        if (size < oldSize) {
            ConsistencyProof.check(size, root, oldSize, oldRoot, proof);
        } else if (size == oldSize && root == oldRoot) {
            if (proof.length != 0) revert ConsistencyProofTooLong(size, size, proof.length);
        } else {
            _advance(log, oldSize, oldRoot, size, root, proof);
        }
    }

    /// @inheritdoc ITreeHeadLedger
    function head(bytes32 log) external view returns (uint64 size, bytes32 root, uint64 time) {
        Head storage current = _heads[log];
        return (current.size, current.root, current.time);
    }

    /// @inheritdoc ITreeHeadLedger
    function registry() external view returns (address) {
        return address(_registry);
    }

    /// @dev Moves the head to (size, root) with size >= oldSize and size > 0; the only writer of heads.
    function _advance(
        bytes32 log,
        uint64 oldSize,
        bytes32 oldRoot,
        uint64 size,
        bytes32 root,
        bytes32[] calldata proof
    ) private {
        if (size == oldSize) revert TreeRootDiffers(log, size, oldRoot, root);
        if (size - oldSize > MAX_GROWTH) revert TreeGrowthTooLarge(log, oldSize, size, MAX_GROWTH);
        if (oldSize != 0) {
            ConsistencyProof.check(oldSize, oldRoot, size, root, proof);
        } else if (proof.length != 0) {
            revert ConsistencyProofTooLong(0, size, proof.length);
        }
        _heads[log] = Head({root: root, size: size, time: uint64(block.timestamp)});
        emit TreeHeadAnchored(log, size, root, oldSize, oldRoot);
    }
}
