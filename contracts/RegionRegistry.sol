// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IRegionRegistry} from "./interfaces/IRegionRegistry.sol";
import {ITreeHeadLedger} from "./interfaces/ITreeHeadLedger.sol";
import {RegionKeys} from "./RegionKeys.sol";

/// @title The regions' logs and epochs, and through RegionKeys their keys: see IRegionRegistry.
contract RegionRegistry is RegionKeys {
    /// @dev The first slot answers the ledger's question at each anchor with one storage read.
    struct Log {
        address anchorAccount;
        uint8 region;
        bool closed;
        bytes32 next;
        string origin;
    }

    /// @inheritdoc IRegionRegistry
    uint32 public constant VERSION = 1;

    uint256 private constant ORIGIN_LIMIT = 255;

    /// @dev Written once. Ledger and registry must know each other. The ledger asks at every anchor, so it holds the
    /// registry as an immutable and is deployed second; the registry asks only when a key changes or a log closes,
    /// and can afford a storage read.
    ITreeHeadLedger private _ledger;

    address private _successor;
    address[REGIONS] private _successorVotes;
    bytes32[][REGIONS] private _regionLogs;
    mapping(bytes32 log => Log state) private _logs;
    mapping(bytes32 log => Closing closing) private _closings;
    mapping(bytes32 log => mapping(uint8 proposer => EpochTurn pending)) private _epochTurns;

    /// @param names Names of the regions, ASCII padded with zero bytes on the right.
    /// @param authorities Accounts that lead them.
    /// @param cosignerKeys Ed25519 public keys with which they cosign.
    /// @param delaySeconds_ Delay before a key is set without its region's consent.
    constructor(
        bytes32[3] memory names,
        address[3] memory authorities,
        bytes32[3] memory cosignerKeys,
        uint64 delaySeconds_
    ) RegionKeys(names, authorities, cosignerKeys, delaySeconds_) {}

    /// @inheritdoc IRegionRegistry
    /// @dev The first caller wins. A stranger who is first gains nothing: the real ledger's deployment then fails, in
    /// plain sight, before anything depends on this registry, and both are deployed anew.
    function bindLedger() external {
        if (address(_ledger) != address(0)) revert LedgerAlreadyBound(address(_ledger));
        _ledger = ITreeHeadLedger(msg.sender);
        emit LedgerBound(msg.sender);
    }

    /// @inheritdoc IRegionRegistry
    function registerLog(
        string calldata origin,
        bytes32 logKey,
        address anchorAccount
    ) external returns (bytes32 log) {
        uint8 region = _callerRegion();
        if (_logCount(region) != 0) revert RegionHasLog(region, _currentLog(region));
        return _openLog(region, origin, logKey, anchorAccount, 0, true);
    }

    /// @inheritdoc IRegionRegistry
    function proposeEpochTurn(EpochTurn calldata turn) external {
        uint8 caller = _callerRegion();
        _requireCurrent(turn.log);
        _requireOriginLength(turn.origin);
        _epochTurns[turn.log][caller] = turn;
        emit EpochTurnProposed(turn.log, caller, turn);
    }

    /// @inheritdoc IRegionRegistry
    function withdrawEpochTurn(bytes32 log) external {
        uint8 caller = _callerRegion();
        if (bytes(_epochTurns[log][caller].origin).length == 0) revert EpochTurnNotProposed(log, caller);
        delete _epochTurns[log][caller];
        emit EpochTurnWithdrawn(log, caller);
    }

    /// @inheritdoc IRegionRegistry
    function approveEpochTurn(uint8 proposer, EpochTurn calldata turn, bytes32[] calldata proof) external {
        uint8 caller = _callerRegion();
        if (caller == proposer) revert ApproverIsProposer(caller);
        uint8 region = _requireCurrent(turn.log);
        if (keccak256(abi.encode(_epochTurns[turn.log][proposer])) != keccak256(abi.encode(turn))) {
            revert EpochTurnNotProposed(turn.log, proposer);
        }
        for (uint8 other = 0; other < REGIONS; ++other) {
            delete _epochTurns[turn.log][other];
        }
        // The one place where two regions could rewrite what was anchored; the ledger's proof check forbids it.
        _boundLedger().settle(turn.log, turn.size, turn.root, proof);
        _closings[turn.log] =
            Closing({size: turn.size, time: uint64(block.timestamp), root: turn.root});
        _logs[turn.log].closed = true;
        emit LogClosed(turn.log, turn.size, turn.root, proposer, caller);
        // Two others may turn a region's log; the keys they name for the next one are not keys that it chose.
        bool consented = proposer == region || caller == region;
        _logs[turn.log].next =
            _openLog(region, turn.origin, turn.logKey, turn.anchorAccount, turn.log, consented);
    }

    /// @inheritdoc IRegionRegistry
    function nameSuccessor(address successor_) external {
        uint8 caller = _callerRegion();
        if (successor_ == address(0)) revert ValueZero();
        if (_successor != address(0)) revert SuccessorAlreadyNamed(_successor);
        _successorVotes[caller] = successor_;
        emit SuccessorProposed(successor_, caller);
        for (uint8 other = 0; other < REGIONS; ++other) {
            if (other == caller || _successorVotes[other] != successor_) continue;
            _successor = successor_;
            emit SuccessorNamed(successor_);
            return;
        }
    }

    /// @inheritdoc IRegionRegistry
    function anchorRule(bytes32 log) external view returns (address account, bool closed) {
        Log storage state = _logs[log];
        return (state.anchorAccount, state.closed);
    }

    /// @inheritdoc IRegionRegistry
    function closing(bytes32 log) external view returns (Closing memory) {
        return _closings[log];
    }

    /// @inheritdoc IRegionRegistry
    function currentLog(uint8 region) external view returns (bytes32) {
        _requireRegion(region);
        return _currentLog(region);
    }

    /// @inheritdoc IRegionRegistry
    function logOf(uint8 region, uint256 index) external view returns (bytes32) {
        _requireRegion(region);
        if (index >= _logCount(region)) revert IndexOutOfRange(index, _logCount(region));
        return _regionLogs[region][index];
    }

    /// @inheritdoc IRegionRegistry
    function logState(bytes32 log) external view returns (LogState memory) {
        _requireRegistered(log);
        Log storage state = _logs[log];
        return LogState({
            origin: state.origin,
            region: state.region,
            closed: state.closed,
            anchorAccount: state.anchorAccount,
            logKey: _currentKey(log, KeyRole.Log),
            next: state.next
        });
    }

    /// @inheritdoc IRegionRegistry
    function pendingEpochTurn(bytes32 log, uint8 proposer) external view returns (EpochTurn memory) {
        return _epochTurns[log][proposer];
    }

    /// @inheritdoc IRegionRegistry
    function successorVote(uint8 region) external view returns (address) {
        _requireRegion(region);
        return _successorVotes[region];
    }

    /// @inheritdoc IRegionRegistry
    function successor() external view returns (address) {
        return _successor;
    }

    /// @inheritdoc IRegionRegistry
    function ledger() external view returns (address) {
        return address(_ledger);
    }

    /// @inheritdoc RegionKeys
    function _currentLog(uint8 region) internal view override returns (bytes32) {
        bytes32[] storage logs = _regionLogs[region];
        return logs.length == 0 ? bytes32(0) : logs[logs.length - 1];
    }

    /// @inheritdoc RegionKeys
    function _logCount(uint8 region) internal view override returns (uint256) {
        return _regionLogs[region].length;
    }

    /// @inheritdoc RegionKeys
    function _headSize(bytes32 log) internal view override returns (uint64 size) {
        (size,,) = _boundLedger().head(log);
    }

    /// @inheritdoc RegionKeys
    function _anchorAccountSet(bytes32 log, address anchorAccount) internal override {
        _logs[log].anchorAccount = anchorAccount;
    }

    /// @dev Opens `origin` as the current log of `region`.
    function _openLog(
        uint8 region,
        string calldata origin,
        bytes32 logKey,
        address anchorAccount,
        bytes32 previous,
        bool consented
    ) private returns (bytes32 log) {
        _requireOriginLength(origin);
        log = sha256(bytes(origin));
        if (_logs[log].anchorAccount != address(0)) revert LogAlreadyRegistered(log);
        _logs[log].region = region;
        _logs[log].origin = origin;
        _regionLogs[region].push(log);
        emit LogRegistered(log, region, previous, origin, logKey, anchorAccount);
        _setKey(region, KeyRole.Log, logKey, consented);
        _setKey(region, KeyRole.Anchor, _fromAccount(anchorAccount), consented);
    }

    /// @dev The region whose current log is `log`.
    function _requireCurrent(bytes32 log) private view returns (uint8 region) {
        _requireRegistered(log);
        region = _logs[log].region;
        bytes32 current = _currentLog(region);
        if (log != current) revert LogNotCurrent(log, current);
    }

    function _requireRegistered(bytes32 log) private view {
        if (_logs[log].anchorAccount == address(0)) revert LogNotRegistered(log);
    }

    function _boundLedger() private view returns (ITreeHeadLedger) {
        if (address(_ledger) == address(0)) revert LedgerNotBound();
        return _ledger;
    }

    function _requireOriginLength(string calldata origin) private pure {
        uint256 length = bytes(origin).length;
        if (length == 0 || length > ORIGIN_LIMIT) revert OriginLengthWrong(length, ORIGIN_LIMIT);
    }
}
