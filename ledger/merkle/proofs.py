"""Inclusion and consistency proofs: made from all leaf hashes, and checked.

The makers follow the recursive definitions of RFC 9162 literally and need every leaf; a node makes
its proofs from tiles instead (ledger.merkle.tiles), and tests hold the two against each other.
"""

from __future__ import annotations

from collections.abc import Sequence

from ledger.errors import VerificationError
from ledger.merkle.hashing import check_lengths, climb, node_hash, root_of
from ledger.values import TreeHead


def prove_inclusion(leaf_hashes: Sequence[bytes], index: int) -> list[bytes]:
    """Path from the leaf at index to the root over all leaf_hashes, leaf's sibling first.

    Raises VerificationError(index_out_of_range). Source: RFC 9162 section 2.1.3.1.
    """
    size = len(leaf_hashes)
    check_index(index, size)
    if size == 1:
        return []
    split = split_point(size)
    left, right = leaf_hashes[:split], leaf_hashes[split:]
    if index < split:
        return [*prove_inclusion(left, index), root_of(right)]
    return [*prove_inclusion(right, index - split), root_of(left)]


def prove_consistency(leaf_hashes: Sequence[bytes], old: int) -> list[bytes]:
    """Proof that the first old leaves are a prefix of leaf_hashes; [] where old is 0.

    Raises VerificationError(consistency_sizes). Source: RFC 9162 section 2.1.4.1.
    """
    check_sizes(old, len(leaf_hashes))
    return _subproof(leaf_hashes, old, whole=True) if old else []


def _subproof(hashes: Sequence[bytes], old: int, *, whole: bool) -> list[bytes]:
    """SUBPROOF of RFC 9162: whole says that the verifier knows the root over these hashes."""
    size = len(hashes)
    if old == size:
        return [] if whole else [root_of(hashes)]
    split = split_point(size)
    left, right = hashes[:split], hashes[split:]
    if old <= split:
        return [*_subproof(left, old, whole=whole), root_of(right)]
    return [*_subproof(right, old - split, whole=False), root_of(left)]


def check_inclusion(leaf_hash: bytes, index: int, head: TreeHead, proof: Sequence[bytes]) -> None:
    """Check that the leaf stands at index in the tree of head.

    Raises VerificationError(index_out_of_range, inclusion_path_length, hash_length,
    inclusion_root). Source: RFC 9162 section 2.1.3.2.
    """
    check_index(index, head.size)
    # Up to the level where leaf and last leaf share an ancestor the side is the bit of the index;
    # above it, only levels where the ancestor is a right child have a sibling, always on the left.
    inner = (index ^ (head.size - 1)).bit_length()
    expected = inner + (index >> inner).bit_count()
    # The length is fixed by index and size; unchecked, an inner node could pass as a leaf.
    if len(proof) != expected:
        raise VerificationError(
            "inclusion_path_length",
            f"leaf {index} of {head.size} needs {expected} hashes, the proof has {len(proof)}",
        )
    check_lengths((leaf_hash, *proof))
    if climb(leaf_hash, proof, index | -1 << inner) != head.root:
        raise VerificationError(
            "inclusion_root", f"the path of leaf {index} does not lead to the root at {head.size}"
        )


def check_consistency(old: TreeHead, new: TreeHead, proof: Sequence[bytes]) -> None:
    """Check that the tree of new continues the tree of old.

    An old size of 0 is refused: every tree continues the empty one, so such a proof shows nothing,
    and the caller must know that it has no earlier head.

    Raises VerificationError(consistency_sizes, consistency_path_length, hash_length,
    consistency_root). Source: RFC 9162 section 2.1.4.2.
    """
    check_sizes(old.size, new.size)
    if old.size == 0:
        raise VerificationError("consistency_sizes", "the empty tree proves nothing")
    expected = _consistency_length(old.size, new.size)
    if len(proof) != expected:
        raise VerificationError(
            "consistency_path_length",
            f"{old.size} to {new.size} needs {expected} hashes, the proof has {len(proof)}",
        )
    check_lengths(proof)
    if old.size == new.size:
        if old.root != new.root:
            raise VerificationError("consistency_root", f"two roots for one size {new.size}")
        return
    old_root, new_root = _fold_consistency(old, new, proof)
    if old_root != old.root or new_root != new.root:
        raise VerificationError(
            "consistency_root", f"the proof does not lead from {old.size} to {new.size}"
        )


def _consistency_length(old: int, new: int) -> int:
    """Number of hashes in the proof between two sizes, 0 < old <= new."""
    if old == new:
        return 0
    shift = (old & -old).bit_length() - 1
    inner = ((old - 1) ^ (new - 1)).bit_length() - shift
    border = (old - 1 >> shift + inner).bit_count()
    # Where old is a power of two its root is known and the proof need not repeat it.
    return inner + border + (old != 1 << shift)


def _fold_consistency(old: TreeHead, new: TreeHead, proof: Sequence[bytes]) -> tuple[bytes, bytes]:
    """Both roots that the proof leads to; its length has been checked."""
    shift = (old.size & -old.size).bit_length() - 1
    node, last = old.size - 1 >> shift, new.size - 1 >> shift
    rest = iter(proof)
    old_root = new_root = old.root if node == 0 else next(rest)
    for sibling in rest:
        if node & 1 or node == last:
            old_root = node_hash(sibling, old_root)
            new_root = node_hash(sibling, new_root)
            while node and not node & 1:
                node >>= 1
                last >>= 1
        else:
            new_root = node_hash(new_root, sibling)
        node >>= 1
        last >>= 1
    return old_root, new_root


def split_point(size: int) -> int:
    """Largest power of two below size (size > 1): where the RFC splits a tree."""
    return 1 << (size - 1).bit_length() - 1


def check_index(index: int, size: int) -> None:
    """Raises VerificationError(index_out_of_range) unless 0 <= index < size."""
    if not 0 <= index < size:
        raise VerificationError("index_out_of_range", f"no leaf {index} in a tree of {size}")


def check_sizes(old: int, new: int) -> None:
    """Raises VerificationError(consistency_sizes) unless 0 <= old <= new."""
    if not 0 <= old <= new:
        raise VerificationError("consistency_sizes", f"size {old} does not precede {new}")
