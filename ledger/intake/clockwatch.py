"""Refuses to stamp records while the machine's clock cannot be believed."""

from __future__ import annotations

from dataclasses import dataclass

from ledger.errors import UnavailableError
from ledger.ports import Block, Clock
from ledger.values import Millis

MAX_DEPARTURE_MS = 120_000
_RETRY_SECONDS = 60
# A block that was not there this long ago (seconds) tells the time both ways, an older one only that it is
# later by now.
_FRESH = 30.0
# Clients give a region that does not answer up before.
_LONGEST_ASKED = 30.0
_CHAIN = "the chain"


@dataclass(frozen=True, slots=True)
class _Told:
    """What somebody says wall time is, less our monotonic time, in milliseconds.

    ``later_only``: wall time may be any later; ``agrees``: it counts for us where it fits.
    """

    ahead: float
    later_only: bool = False
    agrees: bool = True


class ClockWatch:
    """A ports.Clock that refuses to tell the time while wall time cannot be believed (DESIGN D2).

    Times of leaves never decrease, so one jump forward would stamp every later leaf. Wall time is held
    against monotonic time since the start, and at the start against what others say.

    Args:
        patience: seconds to wait at the start for another region to tell the time, and longer while they are
            being asked.
        alone: whether the clock is believed where none has told it by then.

    Attributes:
        confirmed: whether another region's clock has agreed with this one since the start.
        asked: whether every other region has been asked once since then.
    """

    def __init__(self, clock: Clock, *, patience: float = 0.0, alone: bool = True) -> None:
        self._clock = clock
        self._patience = patience
        self._alone = alone
        self._started = clock.monotonic()
        self._right = self._ahead(clock.now())
        self._told: dict[str, _Told] = {}
        self._block: tuple[int, float] | None = None
        self.confirmed = False
        self.asked = patience == 0.0

    def now(self) -> Millis:
        """Wall time, to stamp a record or a cosignature with; raises UnavailableError(clock_departed)."""
        at = self._clock.now()
        fault = "no other region has told the time yet" if self.waiting else self._fault(at)
        if fault is not None:
            raise UnavailableError("clock_departed", fault, _RETRY_SECONDS)
        return at

    def monotonic(self) -> float:
        """Seconds that never go back."""
        return self._clock.monotonic()

    def hear(self, now: Millis, source: str = "another region") -> bool:
        """Take notice of what another region's clock says at this moment; whether ours can be believed.

        One that agrees is enough, unless two others contradict: a region whose own clock is wrong must not
        stop the others.
        """
        told = self._told[source] = _Told(self._ahead(now))
        at = self._ahead(self._clock.now())
        if not self.confirmed and _fits(told, at) and len(self._contradicting(at)) <= 1:
            # From here on theirs counts: a clock that was wrong at the start and was set right is believed
            # again, and what it was wrong by then does not add to what it may depart by later.
            self.confirmed, self._right = True, told.ahead
        return self.confirmed

    def remember(self, received: Millis) -> None:
        """Take notice of the newest record of our own log: it is later than that now."""
        self._told["the newest record"] = _Told(self._ahead(received), later_only=True)

    def see(self, block: Block) -> None:
        """Take notice of the chain's newest block; only one that was not there a moment ago is fresh."""
        at, before = self._clock.monotonic(), self._block
        if before is None or block.number != before[0]:
            fresh = before is not None and block.number > before[0] and at - before[1] < _FRESH
            # It may be some blocks old, so it contradicts and never confirms.
            self._told[_CHAIN] = _Told(self._ahead(block.time), not fresh, agrees=False)
        self._block = (block.number, at)

    @property
    def waiting(self) -> bool:
        """Whether nobody has told the time yet, and somebody still may."""
        heard = any(told.agrees and not told.later_only for told in self._told.values())
        patience = self._patience if self.asked else _LONGEST_ASKED
        return not heard and self._clock.monotonic() - self._started < patience

    @property
    def fault(self) -> str | None:
        """Why the clock cannot be believed now, in words for people; None if it can."""
        return self._fault(self._clock.now())

    def departure(self) -> float:
        """Milliseconds by which wall time has run ahead of monotonic time, or behind."""
        return self._ahead(self._clock.now()) - self._right

    def check(self) -> None:
        """Raises UnavailableError(clock_departed) while the clock cannot be believed."""
        if (fault := self.fault) is not None:
            raise UnavailableError("clock_departed", fault, _RETRY_SECONDS)

    def _fault(self, now: Millis) -> str | None:
        at = self._ahead(now)
        if not self.confirmed and (others := self._contradicting(at)):
            apart = [f"{name} by {(at - told.ahead) / 1000:.0f} s" for name, told in others.items()]
            return f"wall time is apart from {', '.join(apart)}"
        if abs(at - self._right) > MAX_DEPARTURE_MS:
            return f"wall time departed by {(at - self._right) / 1000:.0f} s"
        if not (self.confirmed or self._alone or self.waiting):
            return "no other region has told the time since the start"
        return None

    def _contradicting(self, at: float) -> dict[str, _Told]:
        return {name: told for name, told in self._told.items() if not _fits(told, at)}

    def _ahead(self, now: Millis) -> float:
        return now - self._clock.monotonic() * 1000


def _fits(told: _Told, at: float) -> bool:
    later = at - told.ahead
    return later >= -MAX_DEPARTURE_MS and (told.later_only or later <= MAX_DEPARTURE_MS)
