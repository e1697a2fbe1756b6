"""Which size to anchor next: pure."""

from __future__ import annotations

from ledger.merkle.tiles import TILE_WIDTH

MAX_GROWTH = 1 << 24
"""Most leaves one anchor may add; TreeHeadLedger refuses more (a thief could else jump ahead)."""


def choose_size(anchored: int, signed: int) -> int | None:
    """The size to anchor next, or None where nothing waits.

    ``anchored`` is the chain's size, ``signed`` the largest size that this node may stand for. When more
    than one tile waits, the newest multiple of 256 is taken: its proof is shorter, so it costs less gas.
    """
    waiting = signed - anchored
    if waiting <= 0:
        return None
    newest = signed - signed % TILE_WIDTH if waiting > TILE_WIDTH else signed
    return min(newest, _aligned(anchored + MAX_GROWTH))


def _aligned(size: int) -> int:
    return size - size % TILE_WIDTH
