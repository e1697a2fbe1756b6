// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IRegionRegistry} from "./interfaces/IRegionRegistry.sol";

/// @title The half of the registry that says which key speaks for whom: see IRegionRegistry.
abstract contract RegionKeys is IRegionRegistry {
    struct Key {
        bytes32 key;
        uint64 fromSize;
        uint64 fromTime;
        bool consented;
    }

    uint8 internal constant REGIONS = 3;
    uint64 private constant DELAY_LIMIT = 366 days;

    /// @inheritdoc IRegionRegistry
    uint64 public immutable delaySeconds;

    bytes32[REGIONS] private _names;
    address[REGIONS] private _nextAuthorities;
    mapping(bytes32 holder => mapping(KeyRole role => Key[] history)) private _keys;
    mapping(bytes32 holder => mapping(KeyRole role => Replacement pending)) private _replacements;

    constructor(
        bytes32[3] memory names,
        address[3] memory authorities,
        bytes32[3] memory cosignerKeys,
        uint64 delaySeconds_
    ) {
        // A delay given in milliseconds by mistake would lock every recovery for centuries.
        if (delaySeconds_ == 0 || delaySeconds_ > DELAY_LIMIT) {
            revert DelayOutOfRange(delaySeconds_, DELAY_LIMIT);
        }
        delaySeconds = delaySeconds_;
        for (uint8 region = 0; region < REGIONS; ++region) {
            bytes32 name = names[region];
            if (name == 0) revert ValueZero();
            for (uint8 other = 0; other < region; ++other) {
                if (_names[other] == name) revert RegionValueRepeated(name);
            }
            _names[region] = name;
            _setKey(region, KeyRole.Authority, _fromAccount(authorities[region]), true);
            _setKey(region, KeyRole.Cosigner, cosignerKeys[region], true);
            emit RegionRegistered(region, name, authorities[region], cosignerKeys[region]);
        }
    }

    /// @inheritdoc IRegionRegistry
    function changeKey(KeyRole role, bytes32 key) external {
        uint8 region = _callerRegion();
        if (role == KeyRole.Authority) revert AuthorityChangeNeedsOffer(region);
        _setKey(region, role, key, true);
    }

    /// @inheritdoc IRegionRegistry
    function offerAuthority(address nextAuthority) external {
        uint8 region = _callerRegion();
        _nextAuthorities[region] = nextAuthority;
        emit AuthorityOffered(region, msg.sender, nextAuthority);
    }

    /// @inheritdoc IRegionRegistry
    function acceptAuthority(uint8 region) external {
        _requireRegion(region);
        address expected = _nextAuthorities[region];
        if (msg.sender != expected) revert CallerNotNextAuthority(region, expected, msg.sender);
        _setKey(region, KeyRole.Authority, _fromAccount(msg.sender), true);
    }

    /// @inheritdoc IRegionRegistry
    function proposeReplacement(uint8 region, KeyRole role, bytes32 key) external {
        (uint8 caller, bytes32 holder) = _otherRegion(region, role);
        _requireFit(holder, role, key);
        _replacements[holder][role] = Replacement({
            key: key,
            proposedTime: uint64(block.timestamp),
            readyTime: 0,
            proposer: caller,
            approved: false
        });
        emit ReplacementProposed(holder, role, key, caller);
    }

    /// @inheritdoc IRegionRegistry
    function approveReplacement(uint8 region, KeyRole role, bytes32 key) external {
        (uint8 caller, bytes32 holder) = _otherRegion(region, role);
        Replacement storage pending = _pending(holder, role, key);
        if (pending.proposer == caller) revert ApproverIsProposer(caller);
        if (pending.approved) revert ReplacementAlreadyApproved(holder, role, pending.readyTime);
        pending.approved = true;
        pending.readyTime = uint64(block.timestamp) + delaySeconds;
        emit ReplacementApproved(holder, role, key, caller, pending.readyTime);
    }

    /// @inheritdoc IRegionRegistry
    function completeReplacement(uint8 region, KeyRole role, bytes32 key) external {
        (, bytes32 holder) = _otherRegion(region, role);
        Replacement storage pending = _pending(holder, role, key);
        if (!pending.approved || block.timestamp < pending.readyTime) {
            revert ReplacementNotReady(holder, role, pending.readyTime, uint64(block.timestamp));
        }
        delete _replacements[holder][role];
        _setKey(region, role, key, false);
    }

    /// @inheritdoc IRegionRegistry
    function withdrawReplacement(uint8 region, KeyRole role, bytes32 key) external {
        (uint8 caller, bytes32 holder) = _otherRegion(region, role);
        _pending(holder, role, key);
        delete _replacements[holder][role];
        emit ReplacementWithdrawn(holder, role, key, caller);
    }

    /// @inheritdoc IRegionRegistry
    function authorityOf(uint8 region) external view returns (address) {
        _requireRegion(region);
        return _authority(region);
    }

    /// @inheritdoc IRegionRegistry
    function regionState(uint8 region) external view returns (RegionState memory) {
        _requireRegion(region);
        bytes32 name = _names[region];
        return RegionState({
            name: name,
            authority: _authority(region),
            nextAuthority: _nextAuthorities[region],
            cosignerKey: _currentKey(name, KeyRole.Cosigner),
            currentLog: _currentLog(region),
            logCount: _logCount(region)
        });
    }

    /// @inheritdoc IRegionRegistry
    function keyCount(bytes32 holder, KeyRole role) external view returns (uint256) {
        return _keys[holder][role].length;
    }

    /// @inheritdoc IRegionRegistry
    function keyPeriod(bytes32 holder, KeyRole role, uint256 index) external view returns (KeyPeriod memory) {
        Key[] storage history = _keys[holder][role];
        if (index >= history.length) revert IndexOutOfRange(index, history.length);
        Key storage key = history[index];
        bool inForce = index + 1 == history.length;
        uint64 lastSize = _ofLog(role) ? type(uint64).max : 0;
        return KeyPeriod({
            key: key.key,
            fromSize: key.fromSize,
            toSize: inForce ? lastSize : history[index + 1].fromSize,
            fromTime: key.fromTime,
            toTime: inForce ? type(uint64).max : history[index + 1].fromTime,
            consented: key.consented
        });
    }

    /// @inheritdoc IRegionRegistry
    function pendingReplacement(uint8 region, KeyRole role) external view returns (Replacement memory) {
        _requireRegion(region);
        return _replacements[_holder(region, role)][role];
    }

    /// @dev The region's open log; zero before its first.
    function _currentLog(uint8 region) internal view virtual returns (bytes32);

    /// @dev How many logs the region has had.
    function _logCount(uint8 region) internal view virtual returns (uint256);

    /// @dev Leaves anchored in `log` so far.
    function _headSize(bytes32 log) internal view virtual returns (uint64);

    /// @dev Told whenever the anchor account of `log` was set.
    function _anchorAccountSet(bytes32 log, address anchorAccount) internal virtual;

    /// @dev The one place where a key begins to count.
    function _setKey(uint8 region, KeyRole role, bytes32 key, bool consented) internal {
        bytes32 holder = _holder(region, role);
        _requireFit(holder, role, key);
        Key[] storage history = _keys[holder][role];
        bytes32 oldKey = _currentKey(holder, role);
        // A log's first key covers it from the first leaf; only a later one has to ask how far the log has come.
        uint64 fromSize = _ofLog(role) && oldKey != 0 ? _headSize(holder) : 0;
        history.push(
            Key({key: key, fromSize: fromSize, fromTime: uint64(block.timestamp), consented: consented})
        );
        if (role == KeyRole.Anchor) _anchorAccountSet(holder, _toAccount(key));
        // An offer must not outlive the authority who made it: a thief whom a replacement removes would else come back
        // through an offer made in time.
        if (role == KeyRole.Authority) _nextAuthorities[region] = address(0);
        emit KeyChanged(holder, role, oldKey, key, fromSize, consented);
    }

    /// @dev The number of the region that the caller leads.
    function _callerRegion() internal view returns (uint8) {
        for (uint8 region = 0; region < REGIONS; ++region) {
            if (_authority(region) == msg.sender) return region;
        }
        revert CallerNotAuthority(msg.sender);
    }

    /// @dev The key in force; zero where there is none.
    function _currentKey(bytes32 holder, KeyRole role) internal view returns (bytes32) {
        Key[] storage history = _keys[holder][role];
        return history.length == 0 ? bytes32(0) : history[history.length - 1].key;
    }

    function _requireRegion(uint8 region) internal pure {
        if (region >= REGIONS) revert RegionUnknown(region);
    }

    function _fromAccount(address account) internal pure returns (bytes32) {
        return bytes32(uint256(uint160(account)));
    }

    /// @dev Reverts unless `key` may be the next key of `holder` in `role`.
    function _requireFit(bytes32 holder, KeyRole role, bytes32 key) private view {
        if (key == 0) revert ValueZero();
        if ((role == KeyRole.Anchor || role == KeyRole.Authority) && uint256(key) >> 160 != 0) {
            revert KeyNotAccount(key);
        }
        if (_currentKey(holder, role) == key) revert KeyUnchanged(holder, role, key);
        if (_ofLog(role)) return;
        for (uint8 other = 0; other < REGIONS; ++other) {
            if (_currentKey(_names[other], role) == key) revert RegionValueRepeated(key);
        }
    }

    /// @dev The caller as one of the two regions other than `region`, and what holds that region's key in `role`.
    function _otherRegion(uint8 region, KeyRole role) private view returns (uint8 caller, bytes32 holder) {
        _requireRegion(region);
        caller = _callerRegion();
        if (caller == region) revert ReplacementOfOwnKey(region);
        holder = _holder(region, role);
    }

    function _pending(
        bytes32 holder,
        KeyRole role,
        bytes32 key
    ) private view returns (Replacement storage pending) {
        pending = _replacements[holder][role];
        if (pending.key == 0 || pending.key != key) revert ReplacementNotProposed(holder, role, key);
    }

    function _holder(uint8 region, KeyRole role) private view returns (bytes32) {
        if (!_ofLog(role)) return _names[region];
        bytes32 log = _currentLog(region);
        if (log == 0) revert RegionHasNoLog(region);
        return log;
    }

    function _authority(uint8 region) private view returns (address) {
        return _toAccount(_currentKey(_names[region], KeyRole.Authority));
    }

    function _ofLog(KeyRole role) private pure returns (bool) {
        return role == KeyRole.Log || role == KeyRole.Anchor;
    }

    function _toAccount(bytes32 key) private pure returns (address) {
        return address(uint160(uint256(key)));
    }
}
