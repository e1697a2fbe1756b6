"""Planning reads, and what tiles that do not fit are refused with."""

from __future__ import annotations

from collections import Counter

import pytest

from ledger.errors import VerificationError
from ledger.merkle.hashing import EMPTY_ROOT, leaf_hash
from ledger.merkle.tiles import (
    TileId,
    encode_entries,
    inclusion_from_tiles,
    parse_entries_path,
    parse_tile_path,
    plan_consistency,
    plan_inclusion,
    plan_root,
    root_from_tiles,
)


@pytest.mark.parametrize("size", [1, 2, 256, 257, 65_536, 70_000, 16_777_217, 2**40 + 12_345])
def test_no_plan_reads_more_than_two_tiles_of_a_level(size: int) -> None:
    for place in {0, size // 3, size // 2, size - 1}:
        for plan in (plan_inclusion(place, size), plan_consistency(place + 1, size)):
            assert max(Counter(tile.level for tile in plan).values(), default=0) <= 2
            assert len(set(plan)) == len(plan)
    assert max(Counter(tile.level for tile in plan_root(size)).values()) == 1


def test_plans_name_partial_tiles_at_the_width_of_the_size() -> None:
    assert plan_root(70_000) == [TileId(0, 273, 112), TileId(1, 1, 17), TileId(2, 0, 1)]
    assert plan_inclusion(0, 257) == [TileId(0, 0), TileId(0, 1, 1)]
    assert plan_root(0) == []


def test_the_empty_tree_has_a_root_and_nothing_else() -> None:
    assert root_from_tiles(0, {}) == EMPTY_ROOT
    assert plan_consistency(0, 5) == []
    with pytest.raises(VerificationError, match="index_out_of_range"):
        plan_inclusion(0, 0)


@pytest.mark.parametrize("size", [-1, 2**63])
def test_sizes_no_log_can_have(size: int) -> None:
    with pytest.raises(VerificationError, match="tree_size_out_of_range"):
        plan_root(size)
    with pytest.raises(VerificationError, match="tree_size_out_of_range"):
        plan_inclusion(0, size)


def test_missing_and_misfit_tiles() -> None:
    with pytest.raises(VerificationError, match="tile_missing"):
        inclusion_from_tiles(0, 2, {})
    with pytest.raises(VerificationError, match="tile_length"):
        inclusion_from_tiles(0, 2, {TileId(0, 0, 2): leaf_hash(b"one only")})


@pytest.mark.parametrize(
    "path",
    [
        "tile/0/5",
        "tile/0/x000/005",
        "tile/00/005",
        "tile/64/005",
        "tile/0/005.p/0",
        "tile/0/005.p/256",
        "tile/0/005.p/01",
        "tile/0/005/",
        "/tile/0/005",
        "tile/0/1234",
        "tile/0/x001/x234",
        "tile/0/٠٠٥",
        "tile/0/" + "x999/" * 6 + "999",
        "tile/entries/005",
        "tile/-1/005",
    ],
)
def test_paths_that_name_no_tile(path: str) -> None:
    with pytest.raises(VerificationError, match="tile_malformed"):
        parse_tile_path(path)


def test_paths_that_name_no_entry_bundle() -> None:
    for path in ("tile/0/005", "tile/entries/x000/005", "tile/entries/005.p/256"):
        with pytest.raises(VerificationError, match="tile_malformed"):
            parse_entries_path(path)


@pytest.mark.parametrize(
    "place", [(-1, 0, 1), (64, 0, 1), (0, -1, 1), (0, 2**55, 1), (0, 0, 0), (0, 0, 257)]
)
def test_places_no_tile_can_have(place: tuple[int, int, int]) -> None:
    with pytest.raises(VerificationError, match="tile_malformed"):
        TileId(*place)


def test_entries_that_do_not_fit_a_bundle() -> None:
    for lines in ([b"x" * 65_536], [b""] * 257):
        with pytest.raises(VerificationError, match="entries_malformed"):
            encode_entries(lines)
