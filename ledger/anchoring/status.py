"""What the anchor worker last saw, for metrics and readiness."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from ledger.values import Millis


class Outcome(StrEnum):
    """How one step of the worker ended."""

    IDLE = "idle"
    """Nothing waits."""
    SENT = "sent"
    """A transaction is out and not yet mined."""
    MINED = "mined"
    """A transaction of ours was mined; there may be more to do at once."""
    STOPPED = "stopped"
    """An alarm stands; nothing was sent."""


@dataclass(frozen=True, slots=True)
class Alarm:
    """Why anchoring stopped, was refused or may be in other hands too.

    ``code`` is stable, ``detail`` is for people; ``slows`` says whether the worker looks less often
    while the alarm stands.
    """

    code: str
    detail: str
    slows: bool = True


_NEVER = Millis(0)


@dataclass(frozen=True, slots=True)
class AnchorStatus:
    """Facts of the newest step.

    ``anchored`` and ``signed`` are sizes; ``head_time`` is the block time of the chain's head for the log
    (0 before the first); ``checked_at`` is when the chain last answered (0 before it did);
    ``unavailable`` is the code of the failure since, or None.
    """

    anchored: int = 0
    signed: int = 0
    head_time: Millis = _NEVER
    checked_at: Millis = _NEVER
    alarm: Alarm | None = None
    unavailable: str | None = None

    @property
    def backlog(self) -> int:
        """Leaves that wait to be anchored."""
        return max(0, self.signed - self.anchored)

    def head_age(self, now: Millis) -> int:
        """Milliseconds since the chain's head for the log was written; 0 before the first."""
        return max(0, now - self.head_time) if self.head_time else 0
