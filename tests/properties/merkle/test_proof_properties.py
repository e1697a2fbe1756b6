"""The two provers agree, every honest proof holds, and no changed one does."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.errors import VerificationError
from ledger.merkle.frontier import Frontier
from ledger.merkle.hashing import leaf_hash, root_of
from ledger.merkle.proofs import (
    check_consistency,
    check_inclusion,
    prove_consistency,
    prove_inclusion,
)
from ledger.merkle.tiles import (
    TileId,
    consistency_from_tiles,
    inclusion_from_tiles,
    plan_consistency,
    plan_inclusion,
    plan_root,
    root_from_tiles,
)
from ledger.values import TreeHead

LEAVES = [leaf_hash(number.to_bytes(2, "big")) for number in range(600)]
MANY = settings(max_examples=150, deadline=None)
SIZES = st.integers(1, len(LEAVES))


def entry(level: int, index: int) -> bytes:
    """An entry of a tile by its definition: the root over 256**level leaves."""
    span = 256**level
    return root_of(LEAVES[index * span : (index + 1) * span])


def read(wanted: list[TileId]) -> dict[TileId, bytes]:
    return {
        tile: b"".join(entry(tile.level, tile.index * 256 + at) for at in range(tile.width))
        for tile in wanted
    }


def head(size: int) -> TreeHead:
    return TreeHead(size, root_of(LEAVES[:size]))


@st.composite
def pairs(draw: st.DrawFn) -> tuple[int, int]:
    size = draw(SIZES)
    return draw(st.integers(0, size - 1)), size


@MANY
@given(pairs())
def test_inclusion_from_tiles_is_the_naive_proof_and_holds(pair: tuple[int, int]) -> None:
    index, size = pair
    proof = inclusion_from_tiles(index, size, read(plan_inclusion(index, size)))
    assert proof == prove_inclusion(LEAVES[:size], index)
    check_inclusion(LEAVES[index], index, head(size), proof)


@MANY
@given(pairs())
def test_consistency_from_tiles_is_the_naive_proof_and_holds(pair: tuple[int, int]) -> None:
    old, new = pair[0] + 1, pair[1]
    proof = consistency_from_tiles(old, new, read(plan_consistency(old, new)))
    assert proof == prove_consistency(LEAVES[:new], old)
    check_consistency(head(old), head(new), proof)


def test_every_small_tree() -> None:
    for size in range(1, 41):
        for index in range(size):
            proof = prove_inclusion(LEAVES[:size], index)
            assert proof == inclusion_from_tiles(index, size, read(plan_inclusion(index, size)))
            check_inclusion(LEAVES[index], index, head(size), proof)
            proof = prove_consistency(LEAVES[:size], index + 1)
            tiles = read(plan_consistency(index + 1, size))
            assert proof == consistency_from_tiles(index + 1, size, tiles)
            check_consistency(head(index + 1), head(size), proof)


def test_the_frontier_has_the_root_and_the_tiles_at_every_size() -> None:
    frontier = Frontier()
    full: dict[tuple[int, int], bytes] = {}
    for size in range(len(LEAVES) + 1):
        assert frontier.size == size
        assert frontier.root() == root_of(LEAVES[:size])
        tiles = {
            tile: full[tile.level, tile.index]
            if tile.width == 256
            else frontier.partial(tile.level)
            for tile in plan_root(size)
        }
        assert root_from_tiles(size, tiles) == frontier.root()
        if size < len(LEAVES):
            for done in frontier.append(LEAVES[size]):
                assert done.root == root_of(LEAVES[done.index * 256 : done.index * 256 + 256])
                full[done.level, done.index] = done.data
    assert sorted(full) == [(0, 0), (0, 1)]


@MANY
@given(SIZES, st.integers(0, 60))
def test_a_frontier_taken_up_again_goes_on_alike(size: int, more: int) -> None:
    steady = Frontier()
    for leaf in LEAVES[:size]:
        steady.append(leaf)
    parts = {level: steady.partial(level) for level in range(3) if steady.partial(level)}
    resumed = Frontier.from_parts(size, parts)
    for leaf in LEAVES[:more]:
        assert resumed.append(leaf) == steady.append(leaf)
    assert (resumed.size, resumed.root()) == (steady.size, steady.root())


def mutations(proof: list[bytes]) -> Iterator[list[bytes]]:
    """Every proof near this one: a bit flipped, a hash dropped, added, swapped, cut, emptied."""
    for at, digest in enumerate(proof):
        for place in (0, 13, 31):
            flipped = bytearray(digest)
            flipped[place] ^= 1 << (at + place) % 8
            yield [*proof[:at], bytes(flipped), *proof[at + 1 :]]
        yield [*proof[:at], *proof[at + 1 :]]
        yield [*proof[:at], digest[:-1], *proof[at + 1 :]]
        yield [*proof[:at], digest + b"\0", *proof[at + 1 :]]
        yield [*proof[:at], b"", *proof[at:]]
        yield [*proof[:at], digest, *proof[at:]]
        for other in range(at):
            swapped = list(proof)
            swapped[at], swapped[other] = swapped[other], swapped[at]
            yield swapped
    yield [*proof, b""]
    yield [*proof, LEAVES[0]]
    yield [LEAVES[-1], *proof]


@settings(max_examples=60, deadline=None)
@given(pairs())
def test_no_changed_inclusion_proof_holds(pair: tuple[int, int]) -> None:
    index, size = pair
    proof, now = prove_inclusion(LEAVES[:size], index), head(size)
    for changed in mutations(proof):
        with pytest.raises(VerificationError):
            check_inclusion(LEAVES[index], index, now, changed)
    claims = [
        (LEAVES[index - 1] if size > 1 else LEAVES[-1], index, now),
        (LEAVES[index], index + 1, now),
        (LEAVES[index], index - 1, now),
        (LEAVES[index], index ^ 1 << 9, now),
        (LEAVES[index], index, TreeHead(size, LEAVES[index] if size > 1 else LEAVES[-1])),
        (LEAVES[index][:-1], index, now),
    ]
    for leaf, place, other in claims:
        with pytest.raises(VerificationError):
            check_inclusion(leaf, place, other, proof)


@settings(max_examples=60, deadline=None)
@given(pairs())
def test_no_changed_consistency_proof_holds(pair: tuple[int, int]) -> None:
    old, new = head(pair[0] + 1), head(pair[1])
    proof = prove_consistency(LEAVES[: new.size], old.size)
    for changed in mutations(proof):
        with pytest.raises(VerificationError):
            check_consistency(old, new, changed)
    heads = [
        (TreeHead(old.size, LEAVES[-1]), new),
        (old, TreeHead(new.size, LEAVES[-1])),
        (TreeHead(0, old.root), new),
        (TreeHead(new.size + 1, old.root), new),
    ]
    for first, second in heads:
        with pytest.raises(VerificationError):
            check_consistency(first, second, proof)


def test_no_inner_node_passes_as_a_leaf() -> None:
    """What an unchecked path length would allow: the parent of two leaves, one level up."""
    size = 8
    parent, path = root_of(LEAVES[:2]), prove_inclusion(LEAVES[:size], 0)[1:]
    with pytest.raises(VerificationError, match="inclusion_path_length"):
        check_inclusion(parent, 0, head(size), path)


def test_a_rewritten_log_is_not_consistent() -> None:
    """The attack the chain's check is for: an old leaf rewritten, the head moved on."""
    forged = [*LEAVES[:10], leaf_hash(b"forged"), *LEAVES[11:]]
    for new in (101, 128, 255, 256, 600):
        proof = prove_consistency(forged[:new], 100)
        with pytest.raises(VerificationError, match="consistency_root"):
            check_consistency(head(100), TreeHead(new, root_of(forged[:new])), proof)
