"""Inclusion proofs for the newest leaves, from what is in memory after an append.

All hashes that the path of a new leaf needs lie in tiles that were open before the append, so no proof of a
receipt costs a read; and each inner hash is computed once for the whole group.
"""

from __future__ import annotations

from collections.abc import Iterable

from ledger.merkle.frontier import CompletedTile, Frontier
from ledger.merkle.hashing import node_hash
from ledger.merkle.proofs import split_point
from ledger.merkle.tilepath import LEVEL_BITS, TILE_WIDTH
from ledger.values import DIGEST_SIZE


class NewestPaths:
    """Paths to the root at ``edge.size`` for leaves of the tiles given or of the edge itself."""

    def __init__(self, edge: Frontier, completed: Iterable[CompletedTile]) -> None:
        self._size = edge.size
        self._tiles = {(tile.level, tile.index): tile.data for tile in completed}
        for level in range(-(-edge.size.bit_length() // LEVEL_BITS)):
            self._tiles[level, edge.size >> LEVEL_BITS * (level + 1)] = edge.partial(level)
        self._roots: dict[tuple[int, int], bytes] = {}

    def path(self, index: int) -> tuple[bytes, ...]:
        """Path of the leaf, its sibling first (RFC 9162 section 2.1.3.1)."""
        low, high, hashes = 0, self._size, []
        while high - low > 1:
            middle = low + split_point(high - low)
            if index < middle:
                hashes.append(self._root(middle, high))
                high = middle
            else:
                hashes.append(self._root(low, middle))
                low = middle
        return tuple(reversed(hashes))

    def _root(self, low: int, high: int) -> bytes:
        known = self._roots.get((low, high))
        if known is None:
            known = self._stored(low, high) or self._joined(low, high)
            self._roots[low, high] = known
        return known

    def _joined(self, low: int, high: int) -> bytes:
        middle = low + split_point(high - low)
        return node_hash(self._root(low, middle), self._root(middle, high))

    def _stored(self, low: int, high: int) -> bytes | None:
        """The hash of a complete subtree of 256**level leaves, if a tile at hand holds it."""
        level, rest = divmod((high - low).bit_length() - 1, LEVEL_BITS)
        if rest or high - low != 1 << level * LEVEL_BITS:
            return None
        tile, entry = divmod(low >> level * LEVEL_BITS, TILE_WIDTH)
        data = self._tiles.get((level, tile), b"")
        at = entry * DIGEST_SIZE
        return data[at : at + DIGEST_SIZE] or None
