"""The verifier's answer: a state and a reason for every check, and what may be shown of each record."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from ledger.bundle import Asked
from ledger.values import Millis
from ledger.verify.wording import reason

Path = tuple[str | int, ...]
"""Where a slot stands below ``fields``: names, and indexes of list elements."""


class State(StrEnum):
    """Outcome of a check, and verdict of a record or bundle."""

    PASSED = "passed"
    UNKNOWN = "unknown"
    PENDING = "pending"
    FAILED = "failed"
    SKIPPED = "skipped"


WORST_FIRST = (State.FAILED, State.PENDING, State.UNKNOWN, State.PASSED)
"""Verdicts from worst to best; a bundle takes the worst of its records."""


@dataclass(frozen=True, slots=True)
class Check:
    """One check of one record: ``code`` and ``facts`` for machines, ``reason`` a sentence for people.

    ``reason`` is English; ``wording.reason(code, facts, language)`` gives the others.
    """

    name: str
    state: State
    code: str
    facts: Mapping[str, str | int] = field(default_factory=dict)

    @property
    def reason(self) -> str:
        """Why, in one English sentence."""
        return reason(self.code, self.facts, "en")


@dataclass(frozen=True, slots=True)
class RecordReport:
    """Everything the verifier says of one record; what is not proven is None or empty.

    ``kind`` to ``closed`` stand under the author's signature and certificate, ``origin`` and ``index``
    under the log's checkpoint, ``time`` under the witnesses' quorum. ``fields`` holds the opened values
    (a closed list element is None), ``closed`` the slots kept back, ``failed_field`` the one slot whose
    value was changed after signing, where that can be told.
    """

    id: str
    region: str | None
    origin: str | None
    index: int | None
    kind: str | None
    version: int | None
    author: str | None
    time: Millis | None
    fields: Mapping[str, Any]
    closed: tuple[Path, ...]
    checks: tuple[Check, ...]
    verdict: State
    failed_field: str | None = None

    def check(self, name: str) -> Check:
        """The check of that name."""
        return next(check for check in self.checks if check.name == name)


@dataclass(frozen=True, slots=True)
class Report:
    """The verdict on a bundle; ``checks`` are those on the file as a whole, ``at`` when it was checked."""

    verdict: State
    records: tuple[RecordReport, ...]
    asked: Asked | None
    at: Millis
    checks: tuple[Check, ...] = ()


def worst(states: Iterable[State]) -> State:
    """The worst of these verdicts; passed where there is none."""
    return min(states, key=WORST_FIRST.index, default=State.PASSED)


def verdict_of(checks: Sequence[Check], required: Iterable[str]) -> State:
    """Verdict of a record: any failed check fails it, else the worst of the required ones."""
    if any(check.state is State.FAILED for check in checks):
        return State.FAILED
    needed = frozenset(required)
    states = [check.state for check in checks if check.name in needed]
    return worst(State.UNKNOWN if state is State.SKIPPED else state for state in states)


def path_text(path: Path) -> str:
    """A slot's path for people: ``gross_kg`` or ``lines/0/net_kg``."""
    return "/".join(str(part) for part in path)


def report_json(report: Report, language: str = "en") -> dict[str, Any]:
    """The report as JSON values, its reasons in that language (``en`` or ``zh``)."""
    asked = report.asked
    return {
        "verdict": report.verdict.value,
        "at": report.at,
        "checks": [check_json(check, language) for check in report.checks],
        "records": [_record_json(record, language) for record in report.records],
        "asked": None
        if asked is None
        else {
            "query": asked.query,
            "regions": [{"region": name, "answered": answered} for name, answered in asked.regions],
        },
    }


def check_json(check: Check, language: str) -> dict[str, Any]:
    """One check as JSON values."""
    return {
        "name": check.name,
        "state": check.state.value,
        "code": check.code,
        "reason": reason(check.code, check.facts, language),
        "facts": dict(check.facts),
    }


def _record_json(record: RecordReport, language: str) -> dict[str, Any]:
    return {
        "id": record.id,
        "verdict": record.verdict.value,
        "region": record.region,
        "origin": record.origin,
        "index": record.index,
        "kind": record.kind,
        "version": record.version,
        "author": record.author,
        "time": record.time,
        "fields": dict(record.fields),
        "closed": [path_text(path) for path in record.closed],
        "failed_field": record.failed_field,
        "checks": [check_json(check, language) for check in record.checks],
    }
