// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title Says which logs the three regions have, who may anchor them, and which keys speak for whom.
/// @notice A region is numbered 0 to 2 in the order of construction and is led by its authority account, which is its
/// recovery key. It acts alone for its own keys, as one of two for an epoch turn, and for another region's lost keys
/// only together with the third region and after a delay that everyone can see running.
/// @dev Every key is kept with the time, and for keys of a log the size, from which it counts; it counts until the
/// next one begins. Nothing is ever removed. Keys of a log (`Log`, `Anchor`) are held under the log's id, keys of a
/// region (`Cosigner`, `Authority`) under its name. Accounts are kept as keys, right-aligned in 32 bytes.
interface IRegionRegistry {
    /// @notice What a key is for.
    enum KeyRole {
        /// Ed25519 public key that signs a log's checkpoints.
        Log,
        /// Ed25519 public key with which a region cosigns the logs of the others.
        Cosigner,
        /// Account that may anchor a log.
        Anchor,
        /// Account that leads a region.
        Authority
    }

    /// @notice A key and what it covers: heads of more than `fromSize` and at most `toSize` leaves (both 0 for keys
    /// of a region), from `fromTime` until `toTime` in seconds since 1970. The key in force ends at the largest
    /// number; a closed log ends at its closing size whatever the key says. `consented` is false where the two other
    /// regions set it without the region.
    struct KeyPeriod {
        bytes32 key;
        uint64 fromSize;
        uint64 toSize;
        uint64 fromTime;
        uint64 toTime;
        bool consented;
    }

    /// @notice A region as it is now. `nextAuthority` is zero unless a change of authority waits for acceptance.
    struct RegionState {
        bytes32 name;
        address authority;
        address nextAuthority;
        bytes32 cosignerKey;
        bytes32 currentLog;
        uint256 logCount;
    }

    /// @notice A log as it is now. `next` is the log of the following epoch, zero while this one is open.
    struct LogState {
        string origin;
        uint8 region;
        bool closed;
        address anchorAccount;
        bytes32 logKey;
        bytes32 next;
    }

    /// @notice Where a log was closed; all zero while it is open.
    struct Closing {
        uint64 size;
        uint64 time;
        bytes32 root;
    }

    /// @notice Close `log` at (size, root) and open the region's next one under `origin`.
    struct EpochTurn {
        bytes32 log;
        uint64 size;
        bytes32 root;
        string origin;
        bytes32 logKey;
        address anchorAccount;
    }

    /// @notice A key that the two other regions want to set. `readyTime` is 0 until the second one approved, then the
    /// time from which it may be completed. All zero: nothing pending.
    struct Replacement {
        bytes32 key;
        uint64 proposedTime;
        uint64 readyTime;
        uint8 proposer;
        bool approved;
    }

    /// @notice A region began to exist, at construction.
    event RegionRegistered(uint8 indexed region, bytes32 name, address authority, bytes32 cosignerKey);
    /// @notice The ledger that asks this registry was bound, once and for ever.
    event LedgerBound(address ledger);
    /// @notice A log was opened; `previous` is the log of the epoch before, zero for a region's first.
    event LogRegistered(
        bytes32 indexed log,
        uint8 indexed region,
        bytes32 indexed previous,
        string origin,
        bytes32 logKey,
        address anchorAccount
    );
    /// @notice A log was closed at (size, root) by `proposer` and `approver`; leaves from `size` on do not count.
    event LogClosed(bytes32 indexed log, uint64 size, bytes32 root, uint8 proposer, uint8 approver);
    /// @notice An epoch turn was proposed; the whole of it is in the event, for the approver to read.
    event EpochTurnProposed(bytes32 indexed log, uint8 indexed proposer, EpochTurn turn);
    /// @notice A key was set in place of another; `consented` is false where the region itself did not do it.
    event KeyChanged(
        bytes32 indexed holder,
        KeyRole indexed role,
        bytes32 oldKey,
        bytes32 newKey,
        uint64 fromSize,
        bool consented
    );
    /// @notice A region named the account that may take over as its authority.
    event AuthorityOffered(uint8 indexed region, address authority, address nextAuthority);
    /// @notice One region proposed to set another's key without its consent.
    event ReplacementProposed(bytes32 indexed holder, KeyRole indexed role, bytes32 key, uint8 proposer);
    /// @notice The second one agreed; from `readyTime` the key may be set.
    event ReplacementApproved(
        bytes32 indexed holder,
        KeyRole indexed role,
        bytes32 key,
        uint8 approver,
        uint64 readyTime
    );

    /// @notice One of the two others took a pending replacement back.
    event ReplacementWithdrawn(bytes32 indexed holder, KeyRole indexed role, bytes32 key, uint8 withdrawer);
    /// @notice A region took its proposed epoch turn back.
    event EpochTurnWithdrawn(bytes32 indexed log, uint8 indexed proposer);
    /// @notice One region wants a later registry to take over from this one.
    event SuccessorProposed(address successor, uint8 indexed proposer);
    /// @notice Two regions named the registry that takes over from this one.
    event SuccessorNamed(address successor);

    /// @notice There are regions 0, 1 and 2.
    error RegionUnknown(uint8 region);
    /// @notice The caller is no region's authority.
    error CallerNotAuthority(address got);
    /// @notice The caller is not the account that was named as the next authority of the region.
    error CallerNotNextAuthority(uint8 region, address expected, address got);
    /// @notice A name, key or account may not be zero.
    error ValueZero();
    /// @notice Two regions may not share a name, an authority or a cosigner key: one would have two votes.
    error RegionValueRepeated(bytes32 value);
    /// @notice The delay before a key is set without consent must lie within [1, limit] seconds.
    error DelayOutOfRange(uint64 got, uint64 limit);
    /// @notice The ledger is bound already.
    error LedgerAlreadyBound(address ledger);
    /// @notice No ledger is bound yet, so sizes cannot be known.
    error LedgerNotBound();
    /// @notice An origin has 1 to `limit` bytes.
    error OriginLengthWrong(uint256 got, uint256 limit);
    /// @notice The registry has no such log.
    error LogNotRegistered(bytes32 log);
    /// @notice An origin names one log only, for ever.
    error LogAlreadyRegistered(bytes32 log);
    /// @notice The region has a log; its next one comes by an epoch turn.
    error RegionHasLog(uint8 region, bytes32 log);
    /// @notice The region has no log yet.
    error RegionHasNoLog(uint8 region);
    /// @notice Only the region's current log can be closed.
    error LogNotCurrent(bytes32 log, bytes32 current);
    /// @notice No turn of this log with exactly these values was proposed by that region.
    error EpochTurnNotProposed(bytes32 log, uint8 proposer);
    /// @notice A proposer cannot be its own second voice.
    error ApproverIsProposer(uint8 region);
    /// @notice A region does not replace its own keys; it changes them.
    error ReplacementOfOwnKey(uint8 region);
    /// @notice No replacement by this key is pending.
    error ReplacementNotProposed(bytes32 holder, KeyRole role, bytes32 key);
    /// @notice The replacement was approved before.
    error ReplacementAlreadyApproved(bytes32 holder, KeyRole role, uint64 readyTime);
    /// @notice The replacement lacks its second voice or its delay still runs; `readyTime` 0 says the former.
    error ReplacementNotReady(bytes32 holder, KeyRole role, uint64 readyTime, uint64 time);
    /// @notice A key in the role of an account must be a 20-byte account.
    error KeyNotAccount(bytes32 key);
    /// @notice The key is in force already.
    error KeyUnchanged(bytes32 holder, KeyRole role, bytes32 key);
    /// @notice An authority hands over in two steps, so that a mistyped account cannot orphan a region.
    error AuthorityChangeNeedsOffer(uint8 region);

    /// @notice There are `count` entries, numbered from 0.
    error IndexOutOfRange(uint256 index, uint256 count);
    /// @notice A successor is named once.
    error SuccessorAlreadyNamed(address successor);

    /// @notice Binds the caller as the one ledger of this registry. The ledger's constructor calls it.
    function bindLedger() external;

    /// @notice Registers the first log of the caller's region. Its id is SHA-256 of `origin`.
    /// @return log The id.
    function registerLog(
        string calldata origin,
        bytes32 logKey,
        address anchorAccount
    ) external returns (bytes32 log);

    /// @notice Sets a key of the caller's own region, or of its current log, at once. Not for `Authority`.
    function changeKey(KeyRole role, bytes32 key) external;

    /// @notice Names the account that may take over as authority of the caller's region; zero withdraws the offer.
    function offerAuthority(address nextAuthority) external;

    /// @notice Takes over as authority of `region`; only the account named by `offerAuthority`.
    function acceptAuthority(uint8 region) external;

    /// @notice Proposes to set a key of another region. Puts aside any replacement pending for the same key, by
    /// whichever of the two regions: nothing happens without both.
    function proposeReplacement(uint8 region, KeyRole role, bytes32 key) external;

    /// @notice Agrees, as the third region, to the pending replacement; the delay begins.
    function approveReplacement(uint8 region, KeyRole role, bytes32 key) external;

    /// @notice Sets an approved key after its delay; either of the two other regions may call it.
    function completeReplacement(uint8 region, KeyRole role, bytes32 key) external;

    /// @notice Takes a pending replacement back, approved or not; either of the two other regions may.
    function withdrawReplacement(uint8 region, KeyRole role, bytes32 key) external;

    /// @notice Proposes to close a log and open the next one; puts aside the caller's earlier proposal for that log.
    /// Any of the three regions may propose.
    function proposeEpochTurn(EpochTurn calldata turn) external;

    /// @notice Takes back what the caller proposed for `log`.
    function withdrawEpochTurn(bytes32 log) external;

    /// @notice Agrees, as another region than `proposer`, to exactly that turn, and carries it out. The next log's keys
    /// are kept as not consented where the log's own region is neither of the two.
    /// @param proof RFC 9162 consistency proof between the closing head and the log's head on chain, from the smaller
    /// to the larger; empty where they are equal or the log was never anchored.
    function approveEpochTurn(uint8 proposer, EpochTurn calldata turn, bytes32[] calldata proof) external;

    /// @notice Votes for the registry that takes over from this one; named when two regions vote for the same. Contracts
    /// are not upgradeable: a new version is a new pair of contracts and this entry. It changes no rule here.
    function nameSuccessor(address successor) external;

    /// @notice Who may anchor `log`, and whether it is closed; zero account: no such log. One storage read, for the
    /// ledger.
    function anchorRule(bytes32 log) external view returns (address account, bool closed);

    /// @notice Where `log` was closed.
    function closing(bytes32 log) external view returns (Closing memory);

    /// @notice The region numbered `region`.
    function regionState(uint8 region) external view returns (RegionState memory);

    /// @notice The account that leads `region`.
    function authorityOf(uint8 region) external view returns (address);

    /// @notice The region's log that is open; zero before its first.
    function currentLog(uint8 region) external view returns (bytes32);

    /// @notice The region's log of epoch number `index`, from 0 to `logCount` - 1.
    function logOf(uint8 region, uint256 index) external view returns (bytes32);

    /// @notice The log of this id.
    function logState(bytes32 log) external view returns (LogState memory);

    /// @notice How many keys `holder` (a log id or a region's name) has had in `role`.
    function keyCount(bytes32 holder, KeyRole role) external view returns (uint256);

    /// @notice The key numbered `index` of `holder` in `role`, from 0 to `keyCount` - 1, the oldest first.
    function keyPeriod(bytes32 holder, KeyRole role, uint256 index) external view returns (KeyPeriod memory);

    /// @notice The replacement pending for a key of `region` or of its current log.
    function pendingReplacement(uint8 region, KeyRole role) external view returns (Replacement memory);

    /// @notice The turn of `log` that `proposer` has proposed; an empty origin says none.
    function pendingEpochTurn(bytes32 log, uint8 proposer) external view returns (EpochTurn memory);

    /// @notice The registry that `region` voted for as successor; zero: none.
    function successorVote(uint8 region) external view returns (address);

    /// @notice The registry named to take over from this one; zero: none.
    function successor() external view returns (address);

    /// @notice The ledger bound to this registry; zero before it is.
    function ledger() external view returns (address);

    /// @notice Seconds between the second voice and the moment a key may be set without consent.
    function delaySeconds() external view returns (uint64);

    /// @notice Version of this contract's rules; a new version is a new contract.
    function VERSION() external view returns (uint32);
}
