"""Reference trees, written from the definitions of RFC 9162 section 2.1 and not from the checking algorithm.

A tree is a function from an aligned complete subtree to its hash: 2**24 leaves cost a few dozen hashes.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field


def parent(left: bytes, right: bytes) -> bytes:
    """Hash an inner node (RFC 9162 section 2.1.1)."""
    return hashlib.sha256(b"\x01" + left + right).digest()


@dataclass(slots=True)
class Tree:
    """A tree whose hashes are asked for by range; `invent(low, high)` answers for complete aligned ranges.

    Where it answers None the range is split, so what it invents for a range and for its halves never meets.
    """

    invent: Callable[[int, int], bytes | None]
    _known: dict[tuple[int, int], bytes] = field(default_factory=dict)

    def root(self, low: int, high: int) -> bytes:
        """MTH(D[low:high]) of section 2.1.1; low < high."""
        known = self._known.get((low, high))
        if known is None:
            width = high - low
            known = self.invent(low, high) if width & (width - 1) == 0 else None
            if known is None:
                middle = low + split(width)
                known = parent(self.root(low, middle), self.root(middle, high))
            self._known[low, high] = known
        return known

    def proof(self, old: int, new: int) -> list[bytes]:
        """PROOF(old, D_new) of section 2.1.4.1; 0 < old < new."""
        return self._subproof(old, 0, new, True)

    def _subproof(self, old: int, low: int, high: int, whole: bool) -> list[bytes]:
        if old == high:
            return [] if whole else [self.root(low, high)]
        middle = low + split(high - low)
        if old <= middle:
            return [*self._subproof(old, low, middle, whole), self.root(middle, high)]
        return [*self._subproof(old, middle, high, False), self.root(low, middle)]


def split(width: int) -> int:
    """The largest power of two smaller than `width`; width > 1."""
    return 1 << (width - 1).bit_length() - 1


def leaves_tree(leaves: list[bytes]) -> Tree:
    """The tree of real leaf bytes."""

    def invent(low: int, high: int) -> bytes | None:
        return hashlib.sha256(b"\x00" + leaves[low]).digest() if high - low == 1 else None

    return Tree(invent)


def uniform_tree() -> Tree:
    """A tree of equal leaves: any size up to 2**64 is at hand, and all sizes agree with each other."""
    levels = [hashlib.sha256(b"\x00leaf").digest()]

    def invent(low: int, high: int) -> bytes:
        level = (high - low).bit_length() - 1
        while len(levels) <= level:
            levels.append(parent(levels[-1], levels[-1]))
        return levels[level]

    return Tree(invent)


def invented_tree(old: int, randbytes: Callable[[int], bytes]) -> Tree:
    """A tree of random subtree hashes, split only along the border of its first `old` leaves."""

    def invent(low: int, high: int) -> bytes | None:
        return None if low < old < high else randbytes(32)

    return Tree(invent)
