"""The right edge of a tree: what it refuses to start from, and copies."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from ledger.errors import VerificationError
from ledger.merkle.frontier import Frontier
from ledger.merkle.hashing import EMPTY_ROOT, leaf_hash, node_hash, root_of

LEAVES = [leaf_hash(number.to_bytes(4, "big")) for number in range(66_000)]


def test_the_first_tile_of_the_second_level() -> None:
    """65,536 leaves fill 256 tiles and with the last of them the tile above, in one append."""
    frontier = Frontier()
    done = [frontier.append(leaf) for leaf in LEAVES]
    assert [len(completed) for completed in done if completed] == [1] * 255 + [2] + [1]
    low, high = done[65_535]
    assert (low.level, low.index, high.level, high.index) == (0, 255, 1, 0)
    assert high.root == root_of(LEAVES[:65_536])
    assert high.data[-32:] == low.root == root_of(LEAVES[65_280:65_536])
    assert frontier.root() == root_of(LEAVES)
    assert [len(frontier.partial(level)) // 32 for level in (0, 1, 2, 3, -1)] == [208, 1, 1, 0, 0]


@pytest.mark.parametrize(
    ("size", "parts"),
    [
        (3, {}),
        (3, {0: bytes(64)}),
        (3, {0: bytes(95)}),
        (3, {0: bytes(96), 1: b""}),
        (256, {0: bytes(32), 1: bytes(32)}),
        (256, {0: bytes(32)}),
        (-1, {}),
        (0, {0: b""}),
    ],
)
def test_edges_that_are_not_those_of_the_size(size: int, parts: Mapping[int, bytes]) -> None:
    with pytest.raises(VerificationError, match=r"frontier_malformed|hash_length"):
        Frontier.from_parts(size, parts)


def test_an_empty_one() -> None:
    frontier = Frontier.from_parts(0, {})
    assert (frontier.size, frontier.root(), frontier.partial(0)) == (0, EMPTY_ROOT, b"")


def test_a_copy_goes_its_own_way() -> None:
    frontier = Frontier(2, ((LEAVES[0], LEAVES[1]),))
    twin = frontier.copy()
    twin.append(LEAVES[2])
    assert (frontier.size, frontier.root()) == (2, root_of(LEAVES[:2]))
    assert (twin.size, twin.root()) == (3, root_of(LEAVES[:3]))
    assert frontier.append(LEAVES[3]) == []
    assert frontier.root() == root_of([*LEAVES[:2], LEAVES[3]])


def test_a_hash_of_another_length_changes_nothing() -> None:
    frontier = Frontier()
    with pytest.raises(VerificationError, match="hash_length"):
        frontier.append(b"short")
    assert (frontier.size, frontier.partial(0)) == (0, b"")


def test_a_group_of_256_costs_no_more_in_a_large_tree(monkeypatch: pytest.MonkeyPatch) -> None:
    frontier = Frontier()
    for leaf in LEAVES[:65_000]:
        frontier.append(leaf)
    hashed: list[bytes] = []

    def counted(left: bytes, right: bytes) -> bytes:
        hashed.append(left)
        return node_hash(left, right)

    monkeypatch.setattr("ledger.merkle.frontier.node_hash", counted)
    for leaf in LEAVES[65_000:65_256]:
        frontier.append(leaf)
    frontier.root()
    # One a leaf, as a binary counter carries, and one a level for the root.
    assert 256 <= len(hashed) <= 256 + 2 * 17
