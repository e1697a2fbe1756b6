"""A process that strikes itself when it reaches a failpoint."""

import os
import signal
from dataclasses import asdict, dataclass

from ledger import failpoints

# A turn of epochs is an operator's command; the simulation and tests/system strike there.
UNREACHED = frozenset({"turn.closed"})
WITH_COPIES = frozenset({"hold.sent", "seal.held", "hold.stored", "hold.moved"})


@dataclass(frozen=True)
class Strike:
    """What is to come: the failpoint, how often it is passed before, the signal."""

    point: str
    after: int = 0
    number: int = signal.SIGKILL

    def said(self) -> dict:
        """As the forker is told it."""
        return asdict(self)


def points(copies: int) -> list[str]:
    """The failpoints that a node reaches by itself under this setting."""
    left_out = UNREACHED if copies else UNREACHED | WITH_COPIES
    return [point for point in failpoints.POINTS if point not in left_out]


def arm(strike: Strike) -> None:
    """Inside the process: have its own signal come at that moment, once."""
    left = strike.after

    def hook(met: str) -> None:
        nonlocal left
        if met == strike.point:
            left -= 1
            if left < 0:
                failpoints.listen(None)
                os.kill(os.getpid(), strike.number)

    failpoints.listen(hook)
