// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ITreeHeadLedger} from "../interfaces/ITreeHeadLedger.sol";

/// @title Checks RFC 9162 consistency proofs over SHA-256.
library ConsistencyProof {
    /// @notice Reverts unless `proof` shows that the tree (oldSize, oldRoot) is a prefix of (newSize, newRoot).
    /// @dev RFC 9162 section 2.1.4.2; `oldNode` and `newNode` are its fn and sn. Owed by the caller:
    /// 0 < oldSize < newSize. Cost is bounded by the sizes, not by the length of the proof.
    function check(
        uint64 oldSize,
        bytes32 oldRoot,
        uint64 newSize,
        bytes32 newRoot,
        bytes32[] calldata proof
    ) internal pure {
        // Nothing below can overflow: sizes are at least 1, and `used` stops at the length of the proof.
        unchecked {
            uint256 oldNode = uint256(oldSize) - 1;
            uint256 newNode = uint256(newSize) - 1;
            while (oldNode & 1 == 1) {
                oldNode >>= 1;
                newNode >>= 1;
            }
            // After the shift the old node is 0 only where the old tree is one complete subtree: its root starts.
            bytes32 oldHash = oldRoot;
            uint256 used = 0;
            if (oldNode != 0) {
                if (proof.length == 0) revert ITreeHeadLedger.ConsistencyProofTooShort(oldSize, newSize, 0);
                oldHash = proof[0];
                used = 1;
            }
            bytes32 newHash = oldHash;
            // Below the level where the two borders meet, every level has a sibling: on the left it is part of both
            // trees, on the right of the new one only.
            while (oldNode != newNode) {
                if (used == proof.length) revert ITreeHeadLedger.ConsistencyProofTooShort(oldSize, newSize, used);
                bytes32 sibling = proof[used++];
                if (oldNode & 1 == 1) {
                    oldHash = _parent(sibling, oldHash);
                    newHash = _parent(sibling, newHash);
                } else {
                    newHash = _parent(newHash, sibling);
                }
                oldNode >>= 1;
                newNode >>= 1;
            }
            // Above it both run along the right border, where only a set bit has a left sibling; at a zero bit the
            // node is promoted unhashed.
            for (uint256 node = oldNode; node != 0; node >>= 1) {
                if (node & 1 == 0) continue;
                if (used == proof.length) revert ITreeHeadLedger.ConsistencyProofTooShort(oldSize, newSize, used);
                bytes32 sibling = proof[used++];
                oldHash = _parent(sibling, oldHash);
                newHash = _parent(sibling, newHash);
            }
            if (used != proof.length) revert ITreeHeadLedger.ConsistencyProofTooLong(oldSize, newSize, proof.length);
            if (oldHash != oldRoot) revert ITreeHeadLedger.ConsistencyOldRootDiffers(oldSize, oldRoot, oldHash);
            if (newHash != newRoot) revert ITreeHeadLedger.ConsistencyNewRootDiffers(newSize, newRoot, newHash);
        }
    }

    /// @dev 0x01 keeps an inner node from ever being read as a leaf, which is hashed behind 0x00.
    function _parent(bytes32 left, bytes32 right) private pure returns (bytes32) {
        return sha256(abi.encodePacked(bytes1(0x01), left, right));
    }
}
