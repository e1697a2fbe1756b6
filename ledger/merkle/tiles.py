"""Tiles: the tree cut into rows of 256 hashes, and proofs made from them (C2SP tlog-tiles).

A tile at level L holds roots of complete subtrees of 256**L leaves. Every hash of a proof is the
root over a range of leaves, a range is a row of complete subtrees, and each of those lies within
one tile: so a proof at any size needs at most two tiles per level, the one above the leaf (or above
the old size) and the one at the right edge.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from ledger.errors import VerificationError
from ledger.merkle.entries import decode_entries, encode_entries
from ledger.merkle.hashing import EMPTY_ROOT, node_hash, root_of
from ledger.merkle.proofs import check_index, check_sizes, split_point
from ledger.merkle.tilepath import (
    LEVEL_BITS,
    TILE_WIDTH,
    TileId,
    entries_path,
    parse_entries_path,
    parse_tile_path,
)
from ledger.values import DIGEST_SIZE

__all__ = [
    "TILE_WIDTH",
    "TileId",
    "consistency_from_tiles",
    "decode_entries",
    "encode_entries",
    "entries_path",
    "inclusion_from_tiles",
    "parse_entries_path",
    "parse_tile_path",
    "plan_consistency",
    "plan_edge",
    "plan_inclusion",
    "plan_root",
    "root_from_tiles",
    "tile_at",
]

_MAX_SIZE = 2**63 - 1

Span = tuple[int, int]
"""Leaves from the first to before the second."""


def tile_at(level: int, index: int, size: int) -> TileId:
    """The tile at this place of a tree of size leaves, as wide as it is there.

    Raises VerificationError(tile_malformed) if the tree has no hash there.
    """
    return TileId(level, index, min(TILE_WIDTH, (size >> LEVEL_BITS * level) - index * TILE_WIDTH))


def plan_inclusion(index: int, size: int) -> list[TileId]:
    """Tiles from which inclusion_from_tiles makes its proof; at most two per level.

    Raises VerificationError(index_out_of_range, tree_size_out_of_range).
    """
    return _plan(_inclusion_spans(index, size), size)


def plan_consistency(old: int, new: int) -> list[TileId]:
    """Tiles from which consistency_from_tiles makes its proof; at most two per level.

    Raises VerificationError(consistency_sizes, tree_size_out_of_range).
    """
    return _plan(_consistency_spans(old, new), new)


def plan_root(size: int) -> list[TileId]:
    """Tiles from which root_from_tiles computes the root; at most one per level.

    Raises VerificationError(tree_size_out_of_range).
    """
    _check_size(size)
    return _plan([(0, size)], size)


def plan_edge(size: int) -> list[TileId]:
    """Partial tiles of a tree, lowest level first: from these Frontier.from_parts goes on.

    Raises VerificationError(tree_size_out_of_range).
    """
    _check_size(size)
    levels = range(-(-size.bit_length() // LEVEL_BITS))
    counts = [(level, size >> LEVEL_BITS * level) for level in levels]
    return [
        TileId(level, count // TILE_WIDTH, count % TILE_WIDTH)
        for level, count in counts
        if count % TILE_WIDTH
    ]


def inclusion_from_tiles(index: int, size: int, tiles: Mapping[TileId, bytes]) -> list[bytes]:
    """Path from the leaf at index to the root at size (RFC 9162 section 2.1.3.1).

    Raises VerificationError(index_out_of_range, tree_size_out_of_range, tile_missing, tile_length).
    """
    return [_span_root(span, size, tiles) for span in _inclusion_spans(index, size)]


def consistency_from_tiles(old: int, new: int, tiles: Mapping[TileId, bytes]) -> list[bytes]:
    """Proof that the tree at new continues the one at old (RFC 9162 section 2.1.4.1).

    Raises VerificationError(consistency_sizes, tree_size_out_of_range, tile_missing, tile_length).
    """
    return [_span_root(span, new, tiles) for span in _consistency_spans(old, new)]


def root_from_tiles(size: int, tiles: Mapping[TileId, bytes]) -> bytes:
    """Root at size; EMPTY_ROOT at 0.

    Raises VerificationError(tree_size_out_of_range, tile_missing, tile_length).
    """
    _check_size(size)
    return _span_root((0, size), size, tiles) if size else EMPTY_ROOT


def _inclusion_spans(index: int, size: int) -> list[Span]:
    """Ranges of leaves whose roots are the path, leaf's sibling first."""
    _check_size(size)
    check_index(index, size)
    low, high, spans = 0, size, []
    while high - low > 1:
        middle = low + split_point(high - low)
        if index < middle:
            spans.append((middle, high))
            high = middle
        else:
            spans.append((low, middle))
            low = middle
    return spans[::-1]


def _consistency_spans(old: int, new: int) -> list[Span]:
    """Ranges of leaves whose roots are the consistency proof, in its order."""
    _check_size(new)
    check_sizes(old, new)
    if old == 0:
        return []
    low, high, spans = 0, new, []
    while old != high:
        middle = low + split_point(high - low)
        if old <= middle:
            spans.append((middle, high))
            high = middle
        else:
            spans.append((low, middle))
            low = middle
    # From low 0 the rest is the old tree itself, whose root the verifier has.
    if low:
        spans.append((low, high))
    return spans[::-1]


def _complete(span: Span) -> Iterator[tuple[int, int]]:
    """Complete subtrees (height, index within that height) that make up a range, left to right."""
    low, high = span
    while low < high:
        height = (high - low).bit_length() - 1
        yield height, low >> height
        low += 1 << height


def _place(height: int, index: int) -> tuple[int, int, int, int]:
    """Tile level and index, first entry and number of entries under a complete subtree."""
    level, within = divmod(height, LEVEL_BITS)
    tile, first = divmod(index << within, TILE_WIDTH)
    return level, tile, first, 1 << within


def _plan(spans: Iterable[Span], size: int) -> list[TileId]:
    """Tiles that hold the complete subtrees of these ranges, each once."""
    wanted = {_place(height, index)[:2] for span in spans for height, index in _complete(span)}
    return [tile_at(level, index, size) for level, index in sorted(wanted)]


def _span_root(span: Span, size: int, tiles: Mapping[TileId, bytes]) -> bytes:
    """Root over a range of leaves: its complete subtrees, folded from the right."""
    nodes = [_subtree_root(height, index, size, tiles) for height, index in _complete(span)]
    root = nodes.pop()
    while nodes:
        root = node_hash(nodes.pop(), root)
    return root


def _subtree_root(height: int, index: int, size: int, tiles: Mapping[TileId, bytes]) -> bytes:
    """Root of one complete subtree, from the entries of the one tile that spans it."""
    level, place, first, count = _place(height, index)
    tile = tile_at(level, place, size)
    data = tiles.get(tile)
    if data is None:
        raise VerificationError("tile_missing", f"{tile.path} is not among the tiles")
    if len(data) != tile.width * DIGEST_SIZE:
        raise VerificationError(
            "tile_length", f"{tile.path} has {len(data)} bytes, not {tile.width * DIGEST_SIZE}"
        )
    entries = range(first * DIGEST_SIZE, (first + count) * DIGEST_SIZE, DIGEST_SIZE)
    return root_of([data[at : at + DIGEST_SIZE] for at in entries])


def _check_size(size: int) -> None:
    if not 0 <= size <= _MAX_SIZE:
        raise VerificationError("tree_size_out_of_range", f"no tree has {size} leaves")
