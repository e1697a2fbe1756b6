"""The right edge of a growing tree, held in memory: what appending and the newest root need."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ledger.errors import VerificationError
from ledger.merkle.hashing import EMPTY_ROOT, check_length, check_lengths, node_hash, root_of
from ledger.merkle.tilepath import LEVEL_BITS, TILE_WIDTH
from ledger.values import DIGEST_SIZE


@dataclass(frozen=True, slots=True)
class CompletedTile:
    """A tile that an append has filled: its place, its 8,192 bytes and the root over them."""

    level: int
    index: int
    root: bytes
    data: bytes


class Frontier:
    """Size, partial tiles and peaks of a tree that only grows.

    The peaks are the roots of the complete subtrees that make up the tree, largest first: appending
    merges them as a binary counter carries, so it costs one hash per leaf on average, and a peak of
    height 8, 16 … is the root of the tile just filled, which therefore costs nothing.
    """

    __slots__ = ("_partials", "_peaks", "_size")

    def __init__(self, size: int = 0, partials: tuple[tuple[bytes, ...], ...] = ()) -> None:
        """Start from a size and, per level, the hashes of its partial tile.

        Raises VerificationError(frontier_malformed, hash_length).
        """
        levels = -(-size.bit_length() // LEVEL_BITS)
        widths = [size >> LEVEL_BITS * level & TILE_WIDTH - 1 for level in range(levels)]
        if size < 0 or [len(partial) for partial in partials] != widths:
            raise VerificationError("frontier_malformed", f"these are not the edges at size {size}")
        self._size = size
        self._partials = [list(partial) for partial in partials]
        self._peaks: list[bytes] = []
        for partial in reversed(self._partials):
            check_lengths(partial)
            self._peaks += _peaks_of(partial)

    @classmethod
    def from_parts(cls, size: int, partials: Mapping[int, bytes]) -> Frontier:
        """Start from a size and the bytes of the partial tile of each level that has one.

        Raises VerificationError(frontier_malformed, hash_length).
        """
        levels = -(-size.bit_length() // LEVEL_BITS)
        if any(level not in range(levels) for level in partials):
            raise VerificationError("frontier_malformed", f"no such level at size {size}")
        return cls(size, tuple(_split(partials.get(level, b"")) for level in range(levels)))

    @property
    def size(self) -> int:
        """Number of leaves."""
        return self._size

    def append(self, leaf_hash: bytes) -> list[CompletedTile]:
        """Add a leaf's hash (32 bytes); answers the tiles this fills, lowest level first.

        Raises VerificationError(hash_length).
        """
        check_length(len(leaf_hash))
        self._put(0, leaf_hash)
        node, height, carry = leaf_hash, 0, self._size
        completed: list[CompletedTile] = []
        while carry & 1:
            node = node_hash(self._peaks.pop(), node)
            height += 1
            carry >>= 1
            if height % LEVEL_BITS == 0:
                completed.append(self._complete(height // LEVEL_BITS - 1, carry, node))
        self._peaks.append(node)
        self._size += 1
        return completed

    def root(self) -> bytes:
        """Root of the tree as it is now; EMPTY_ROOT without leaves."""
        if not self._peaks:
            return EMPTY_ROOT
        root = self._peaks[-1]
        for peak in reversed(self._peaks[:-1]):
            root = node_hash(peak, root)
        return root

    def partial(self, level: int) -> bytes:
        """Bytes of the partial tile at a level; empty where there is none."""
        return b"".join(self._partials[level]) if 0 <= level < len(self._partials) else b""

    def copy(self) -> Frontier:
        """An independent frontier at the same place: to try an append that may not be kept."""
        twin = Frontier()
        twin._size = self._size
        twin._partials = [list(partial) for partial in self._partials]
        twin._peaks = list(self._peaks)
        return twin

    def _put(self, level: int, digest: bytes) -> None:
        if level == len(self._partials):
            self._partials.append([])
        self._partials[level].append(digest)

    def _complete(self, level: int, index: int, root: bytes) -> CompletedTile:
        """Take the full tile of a level out of the edge; its root is an entry of the level above."""
        data = b"".join(self._partials[level])
        self._partials[level] = []
        self._put(level + 1, root)
        return CompletedTile(level, index, root, data)


def _peaks_of(partial: list[bytes]) -> list[bytes]:
    """Roots of the complete subtrees within a partial tile, largest first."""
    peaks: list[bytes] = []
    start = 0
    for bit in reversed(range(LEVEL_BITS)):
        if len(partial) >> bit & 1:
            peaks.append(root_of(partial[start : start + (1 << bit)]))
            start += 1 << bit
    return peaks


def _split(data: bytes) -> tuple[bytes, ...]:
    """Hashes of a tile; a rest shorter than a hash is kept, so that its length is refused."""
    return tuple(data[at : at + DIGEST_SIZE] for at in range(0, len(data), DIGEST_SIZE))
