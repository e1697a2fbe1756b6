"""The report as text for a terminal: each check with its state and reason."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime

from ledger.verify.report import Check, RecordReport, Report, State
from ledger.verify.wording import CHECK_TITLES, LANGUAGES, STATE_TITLES, printable, reason

_SIGNS = {
    State.PASSED: "+",
    State.FAILED: "x",
    State.PENDING: "~",
    State.UNKNOWN: "?",
    State.SKIPPED: "-",
}
_WORDS = {
    "record": ("record", "记录"),
    "unreadable": ("(no readable statement)", "（无可读的签名记录）"),
    "version": ("version", "版本"),
    "author": ("author", "作者"),
    "place": ("log entry", "日志条目"),
    "time": ("not changed since", "此后未变"),
    "changed": ("changed field", "被改动的字段"),
    "verdict": ("Verdict", "结论"),
    "limit": (
        "This shows who signed and that nothing changed since; it does not show that it was true.",
        "以上证明谁签了名、此后未被改动；并不证明内容属实。",
    ),
}


def report_lines(report: Report, language: str, verdict: State | None = None) -> Iterator[str]:
    """The report line by line; ``language`` is ``en`` or ``zh``, ``verdict`` one worse than the report's."""
    for record in report.records:
        yield from _record_lines(record, language)
        yield ""
    for check in report.checks:
        yield check_line(check, language)
    yield f"{_word('verdict', language)}: {_state(verdict or report.verdict, language)}"
    yield _word("limit", language)


def check_line(check: Check, language: str) -> str:
    """One check: sign, state, title, reason, and the exact cause if there is one."""
    which = LANGUAGES.index(language)
    title = CHECK_TITLES[check.name][which]
    text = reason(check.code, check.facts, language)
    cause = check.facts.get("cause")
    tail = f" [{printable(str(cause))}]" if cause is not None else ""
    return f"  {_SIGNS[check.state]} {_state(check.state, language)}  {title}: {text}{tail}"


def time_text(millis: int) -> str:
    """A time in UTC, to the second (RFC 3339)."""
    return datetime.fromtimestamp(millis / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _record_lines(record: RecordReport, language: str) -> Iterator[str]:
    name = record.id or _word("unreadable", language)
    yield f"{_word('record', language)} {name}: {_state(record.verdict, language)}"
    if record.kind is not None:
        facts = f"{record.kind}, {_word('version', language)} {record.version}"
        yield f"    {facts}, {_word('author', language)} {record.author}"
    if record.origin is not None:
        yield f"    {_word('place', language)} {record.origin} #{record.index}"
    if record.time is not None:
        yield f"    {_word('time', language)} {time_text(record.time)}"
    if record.failed_field is not None:
        yield f"    {_word('changed', language)}: {printable(record.failed_field)}"
    for field, value in record.fields.items():
        shown = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        yield f"    {printable(field)} = {printable(shown)}"
    for check in record.checks:
        yield check_line(check, language)


def _state(state: State, language: str) -> str:
    return STATE_TITLES[state.value][LANGUAGES.index(language)]


def _word(name: str, language: str) -> str:
    return _WORDS[name][LANGUAGES.index(language)]
