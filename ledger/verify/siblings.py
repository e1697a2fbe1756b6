"""What the records of one bundle say about each other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cache

from ledger.statement.sdjwt import Statement
from ledger.verify.examining import Case
from ledger.verify.report import Check, Path, RecordReport, State
from ledger.verify.slots import Elsewhere, without_indexes


def usually_open(cases: Sequence[Case]) -> Elsewhere:
    """Look up, when it is asked for, which fields records of a schema show open in this bundle."""

    # Remembered, or a file full of changed records would cost the square of their number.
    @cache
    def look_up(schema: str) -> frozenset[Path]:
        return frozenset(
            without_indexes(path)
            for case in cases
            if case.statement is not None and case.statement.claims.schema == schema
            if case.opened is not None
            for path in case.opened.opened
        )

    return look_up


def mark_superseded(
    reports: Sequence[RecordReport], statements: Sequence[Statement | None]
) -> tuple[RecordReport, ...]:
    """Say of a record that the bundle itself holds a good later version of it."""
    later: dict[tuple[str, str], int] = {}
    for report, statement in zip(reports, statements, strict=True):
        if report.verdict is State.PASSED and statement is not None:
            claims = statement.claims
            if claims.prev is not None:
                later[claims.prev, claims.kind] = claims.version
    return tuple(_marked(report, later) for report in reports)


def _marked(report: RecordReport, later: dict[tuple[str, str], int]) -> RecordReport:
    if report.kind is None or (report.id, report.kind) not in later:
        return report
    facts = {"version": later[report.id, report.kind]}
    check = Check("latest", State.UNKNOWN, "latest_superseded", facts)
    return replace(
        report, checks=tuple(check if old.name == "latest" else old for old in report.checks)
    )
