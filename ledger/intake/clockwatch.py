"""Refuses to stamp records while the machine's clock cannot be believed."""

from __future__ import annotations

from ledger.errors import UnavailableError
from ledger.ports import Clock
from ledger.values import Millis

MAX_DEPARTURE_MS = 120_000


class ClockWatch:
    """Compares wall time with monotonic time since this was made, and with what other regions say.

    Times of leaves never decrease, so one jump forward would stamp every later leaf (DESIGN D2).

    Attributes:
        confirmed: whether another region's clock has agreed with this one since the start.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._wall = clock.now()
        self._monotonic = clock.monotonic()
        self._apart: int | None = None
        self.confirmed = False

    def hear(self, now: Millis) -> bool:
        """Take notice of what another region's clock says at this moment; whether ours can be believed.

        One that agrees is enough: a region whose own clock is wrong must not stop the others.
        """
        self._apart = self._clock.now() - now
        self.confirmed = self.confirmed or abs(self._apart) <= MAX_DEPARTURE_MS
        return self.confirmed

    @property
    def heard(self) -> bool:
        """Whether any other region has told the time yet."""
        return self._apart is not None

    @property
    def fault(self) -> str | None:
        """Why the clock cannot be believed now, in words for people; None if it can."""
        departure = self.departure()
        if abs(departure) > MAX_DEPARTURE_MS:
            return f"wall time departed by {departure / 1000:.0f} s"
        if self._apart is not None and not self.confirmed:
            return f"other regions' clocks are {self._apart / 1000:.0f} s apart from wall time"
        return None

    def departure(self) -> float:
        """Milliseconds by which wall time has run ahead of monotonic time, or behind."""
        passed = (self._clock.monotonic() - self._monotonic) * 1000
        return self._clock.now() - self._wall - passed

    def check(self) -> None:
        """Raises UnavailableError(clock_departed) while the clock cannot be believed."""
        if (fault := self.fault) is not None:
            raise UnavailableError("clock_departed", fault, 60)
