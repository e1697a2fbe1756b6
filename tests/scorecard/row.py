"""What a row of the scorecard is."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Chunk:
    """One piece of work of a row.

    Attributes:
        cases: how many were tried.
        findings: what broke; empty where every promise was kept.
        counted: how often each moment was reached, to be added up over the chunks.
        figures: what was measured, in words, for whoever reads the table.
        also: cases of other rows that were tried on the way, by their numbers.
    """

    cases: int
    findings: list[str]
    counted: Mapping[str, int] = field(default_factory=dict)
    figures: str = ""
    also: Mapping[int, int] = field(default_factory=dict)


def _nothing(_counted: Mapping[str, int], _cases: int) -> list[str]:
    return []


@dataclass(frozen=True)
class Row:
    """What is tried, how often, and how.

    Attributes:
        number: as in the scorecard of docs/developer/scorecard.md.
        unit: what a case is.
        goal: cases of the full count.
        first: cases that an hour of nightly has to reach.
        run: does one chunk; the argument is its seed, counted from 1 for each row.
        holes: what so many cases should have reached by now and did not, from all that was counted.
        alone: it fills the whole machine by itself; beside another chunk it would measure that one.
    """

    number: int
    title: str
    unit: str
    goal: int
    first: int
    run: Callable[[int], Chunk]
    holes: Callable[[Mapping[str, int], int], list[str]] = _nothing
    alone: bool = False
