"""Hashes of the Merkle tree (RFC 9162 section 2.1.1, SHA-256)."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Sequence

from ledger.errors import VerificationError
from ledger.values import DIGEST_SIZE

EMPTY_ROOT = hashlib.sha256(b"").digest()
"""Root of the tree without leaves."""

_LEAF = b"\x00"
_NODE = b"\x01"


def leaf_hash(data: bytes) -> bytes:
    """Hash of a leaf's bytes; 32 bytes. Source: RFC 9162 section 2.1.1."""
    return hashlib.sha256(_LEAF + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Hash of an inner node over its two children; 32 bytes. Source: RFC 9162 section 2.1.1."""
    return hashlib.sha256(_NODE + left + right).digest()


def root_of(hashes: Sequence[bytes]) -> bytes:
    """Root over leaf hashes in order (32 bytes each); EMPTY_ROOT for none.

    Raises VerificationError(hash_length). Source: RFC 9162 section 2.1.1.
    """
    if not hashes:
        return EMPTY_ROOT
    row = list(hashes)
    check_lengths(row)
    # Pairing neighbours and carrying a lone last node up gives the tree of the RFC, whose left
    # subtree is always the largest complete one; every node is hashed once.
    while len(row) > 1:
        paired = [node_hash(row[i], row[i + 1]) for i in range(0, len(row) - 1, 2)]
        if len(row) % 2:
            paired.append(row[-1])
        row = paired
    return row[0]


def climb(node: bytes, siblings: Iterable[bytes], sides: int) -> bytes:
    """Hash a node up a path of siblings, lowest first; bit n of sides: sibling n stands on the left.

    The same as node_hash once per sibling, without its call: checking proofs spends its time here.
    """
    sha256, prefix = hashlib.sha256, _NODE
    for sibling in siblings:
        pair = prefix + sibling + node if sides & 1 else prefix + node + sibling
        node = sha256(pair).digest()
        sides >>= 1
    return node


def check_lengths(hashes: Collection[bytes]) -> None:
    """Refuse hashes that are not 32 bytes: else two hashes could pass as one of another length.

    Raises VerificationError(hash_length).
    """
    wrong = set(map(len, hashes)) - {DIGEST_SIZE}
    if wrong:
        check_length(min(wrong))


def check_length(size: int) -> None:
    """Raises VerificationError(hash_length) unless size is the 32 bytes of a hash."""
    if size != DIGEST_SIZE:
        raise VerificationError("hash_length", f"a hash has {size} bytes, not {DIGEST_SIZE}")
