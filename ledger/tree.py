"""A log's tree as its store holds it: tiles, roots and proofs at any size, read and never kept.

Full tiles are stored with their roots; a partial tile is computed from the rows it stands over:
leaf hashes at level 0, roots of full tiles above. Each is one range read, so a proof costs at most
two reads per level however large the log is.
"""

from __future__ import annotations

from collections.abc import Sequence

from ledger.errors import InputError, UnavailableError
from ledger.merkle import tiles
from ledger.merkle.frontier import Frontier
from ledger.merkle.leaf import Leaf, encode_leaf
from ledger.merkle.tiles import TILE_WIDTH, TileId
from ledger.ports import Store
from ledger.values import Origin


async def root(store: Store, origin: Origin, size: int) -> bytes:
    """Root of the log at a size it has reached.

    Raises InputError(not_found) beyond the log, VerificationError(tree_size_out_of_range).
    """
    return tiles.root_from_tiles(size, await _read(store, origin, tiles.plan_root(size)))


async def inclusion(store: Store, origin: Origin, index: int, size: int) -> list[bytes]:
    """Path from the leaf at index to the root at size.

    Raises InputError(not_found) beyond the log, VerificationError(index_out_of_range,
    tree_size_out_of_range).
    """
    held = await _read(store, origin, tiles.plan_inclusion(index, size))
    return tiles.inclusion_from_tiles(index, size, held)


async def consistency(store: Store, origin: Origin, old: int, new: int) -> list[bytes]:
    """Proof that the log at size new continues itself at size old; [] where old is 0.

    Raises InputError(not_found) beyond the log, VerificationError(consistency_sizes,
    tree_size_out_of_range).
    """
    held = await _read(store, origin, tiles.plan_consistency(old, new))
    return tiles.consistency_from_tiles(old, new, held)


async def tile(store: Store, origin: Origin, place: TileId) -> bytes:
    """Bytes of a tile, full or partial: 32 for each hash of its width.

    Raises InputError(not_found) if the log does not reach so far, UnavailableError(row_unreadable) where
    a row was altered into something else than bytes.
    """
    hashes: Sequence[bytes]
    start = place.index * TILE_WIDTH
    if place.width == TILE_WIDTH:
        data = await store.tile(origin, place.level, place.index)
        if data is None:
            raise _not_found(origin, place.path)
        _check_bytes([data], origin, place.path)
        return data
    if place.level == 0:
        hashes = [row.hash for row in await store.leaves(origin, start, place.width)]
    else:
        hashes = await store.tile_roots(origin, place.level - 1, start, place.width)
    if len(hashes) != place.width:
        raise _not_found(origin, place.path)
    _check_bytes(hashes, origin, place.path)
    return b"".join(hashes)


async def entries(store: Store, origin: Origin, index: int, width: int = TILE_WIDTH) -> bytes:
    """Entry bundle: the leaf lines under the level-0 tile at index, as wide as asked.

    Raises InputError(not_found) if the log does not reach so far, VerificationError(tile_malformed).
    """
    path = tiles.entries_path(index, width)
    rows = await store.leaves(origin, index * TILE_WIDTH, width)
    if len(rows) != width:
        raise _not_found(origin, path)
    leaves = [Leaf(row.statement, row.received, row.prev_index) for row in rows]
    return tiles.encode_entries([encode_leaf(leaf) for leaf in leaves])


async def load_frontier(store: Store, origin: Origin) -> Frontier:
    """The right edge of the log as it stands: what a node reads once when it starts.

    Raises InputError(not_found) if the store lacks rows that its size promises.
    """
    size = await store.size(origin)
    edge = await _read(store, origin, tiles.plan_edge(size))
    return Frontier.from_parts(size, {held.level: data for held, data in edge.items()})


async def _read(store: Store, origin: Origin, wanted: Sequence[TileId]) -> dict[TileId, bytes]:
    return {held: await tile(store, origin, held) for held in wanted}


def _check_bytes(found: Sequence[object], origin: Origin, path: str) -> None:
    # SQLite keeps a value of any type in any column.
    if not all(isinstance(one, bytes) for one in found):
        raise UnavailableError("row_unreadable", f"a row of {path} of {origin} was altered")


def _not_found(origin: Origin, path: str) -> InputError:
    return InputError("not_found", f"{origin} does not reach {path}")
