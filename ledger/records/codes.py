"""Code lists as data: each row with the dates between which it holds, each list with its source.

The lists are files in ``tables/`` (CSV, first columns ``code,valid_from,valid_to``); ``sources.json``
names for each its origin, revision and licence, and whether it is complete.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from importlib.resources import files
from io import StringIO

from ledger.records.faults import Fault


@dataclass(frozen=True, slots=True)
class Row:
    """One code; a date of None is open on that side; ``more`` holds the other columns."""

    valid_from: date | None
    valid_to: date | None
    more: Mapping[str, str]

    def holds(self, on: date) -> bool:
        """Whether the code was in force on that day (both ends inclusive)."""
        return (self.valid_from is None or self.valid_from <= on) and (
            self.valid_to is None or on <= self.valid_to
        )


@dataclass(frozen=True, slots=True)
class Table:
    """One code list. ``complete`` is False where codes outside the list exist."""

    name: str
    complete: bool
    rows: Mapping[str, Row]

    def fault(self, code: str, on: date | None) -> Fault | None:
        """Why the code may not stand in a record of that day; None if it may."""
        row = self.rows.get(code)
        if row is None:
            return Fault("code_unknown", f"{code!r} is not in the code list {self.name}")
        if on is not None and not row.holds(on):
            return Fault("code_not_in_force", f"{code!r} of {self.name} was not in force on {on}")
        return None


@lru_cache
def table(name: str) -> Table:
    """Load a list by its name, once; raises FileNotFoundError for a name that is not packaged."""
    folder = files(__package__).joinpath("tables")
    text = folder.joinpath(f"{name}.csv").read_text(encoding="utf-8")
    sources = json.loads(folder.joinpath("sources.json").read_text(encoding="utf-8"))
    rows = {line["code"]: _row(line) for line in csv.DictReader(StringIO(text))}
    return Table(name, sources[name]["complete"], rows)


def _row(line: dict[str, str]) -> Row:
    more = {k: v for k, v in line.items() if k not in {"code", "valid_from", "valid_to"}}
    return Row(_day(line["valid_from"]), _day(line["valid_to"]), more)


def _day(text: str) -> date | None:
    return date.fromisoformat(text) if text else None
