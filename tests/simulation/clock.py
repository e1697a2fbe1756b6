"""A region's clock, which can be set wrong, and seeded bytes."""

import random

from ledger.values import Millis

START = 1_772_409_600_000
"""2026-03-02T00:00:00Z: virtual time 0 in milliseconds."""


class RegionClock:
    """ports.Clock; ``jump`` is how many milliseconds wall time is wrong by."""

    def __init__(self, loop) -> None:
        self._loop = loop
        self.jump = 0

    def now(self) -> Millis:
        return Millis(START + round(self._loop.time() * 1000) + self.jump)

    def monotonic(self) -> float:
        return self._loop.time()


class SeededRandom:
    """ports.Random."""

    def __init__(self, rng: random.Random) -> None:
        self._rng = rng

    def bytes(self, n: int) -> bytes:
        return self._rng.randbytes(n)
