"""Which moments and branches the seeds have reached; what none of them reaches makes the run red."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import product

from ledger.failpoints import POINTS

RECOVERY_SECONDS = 20.0
"""A process that follows a crash counts as recovering for so long."""


@dataclass(frozen=True, slots=True)
class Cell:
    """A crash at a failpoint: with work waiting behind it or not, in a first run or while recovering."""

    point: str
    backlog: bool
    recovery: bool

    def __str__(self) -> str:
        load = "backlog" if self.backlog else "drained"
        return f"{self.point} {load} {'recovery' if self.recovery else 'first'}"


CELLS = tuple(Cell(*one) for one in product(POINTS, (True, False), (False, True)))

STANDINGS = (
    "", "log_key_missing", "head_lock_torn", "head_lock_missing", "head_lock_ahead",
    "head_lock_fork", "log_stopped", "closing_ahead", "closing_fork", "copies_missing", "leaves_lost",
    "promises_forgotten",
)  # fmt: skip
ALARMS = (
    "chain_identity", "head_lock_missing", "head_lock_contradicts", "anchor_foreign_head",
    "anchor_nonce_foreign", "anchor_refused",
)  # fmt: skip
ANSWERS = (
    "receipt", "record_exists", "prev_unknown", "version_taken", "store_unavailable",
    "seal_interrupted", "checkpoint_missing", "clock_departed",
)  # fmt: skip

IMPOSSIBLE = {
    "standing log_not_started": "nothing is served before log and lock have been compared",
}
"""What no seed can reach, with the reason."""


ENOUGH = 200
"""So many seeds try every cell twelve times; a zero after them is a hole, not bad luck."""


def wanted() -> list[str]:
    """Every name that has to be counted at least once."""
    names = [f"crash {cell}" for cell in CELLS]
    names += [f"standing {code or 'leading'}" for code in STANDINGS]
    names += [f"alarm {code}" for code in ALARMS]
    names += [f"answer {code}" for code in ANSWERS]
    return [name for name in names if name not in IMPOSSIBLE]


def missing(counted: Mapping[str, int]) -> list[str]:
    """What was never reached."""
    return [name for name in wanted() if not counted.get(name)]


def holes(counted: Mapping[str, int], seeds: int) -> list[str]:
    """What so many seeds should have reached and did not; nothing can be said of a few."""
    return missing(counted) if seeds >= ENOUGH else []
