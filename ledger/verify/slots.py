"""Opening a statement's slots, naming a field whose value was changed, and what may be shown of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ledger.errors import VerificationError
from ledger.statement import base64url
from ledger.statement.sdjwt import CLOSED, Opened, Statement, open_slots, parse
from ledger.statement.slots import digest_of
from ledger.verify.causes import REFUSALS, Facts, Refusal, cause
from ledger.verify.receipt import skipped
from ledger.verify.report import Check, Path, State, path_text

Elsewhere = Callable[[str], frozenset[Path]]
"""For a schema, the paths (list indexes left out) that other records of the bundle show open."""

_MAX_NAMED = 12


@dataclass(frozen=True, slots=True)
class Reading:
    """A statement as far as it can be read; ``refused`` are the checks that reading already decided."""

    statement: Statement | None
    opened: Opened | None
    refused: Mapping[str, Check]


def read_statement(text: str) -> Reading:
    """Read a compact statement and open its slots; raises nothing."""
    try:
        statement = parse(text)
    except REFUSALS as error:
        return _read_signed_part(text, error)
    try:
        return Reading(statement, open_slots(statement), {})
    except REFUSALS as error:
        return Reading(statement, None, {"slots": _malformed(error)})


def _read_signed_part(text: str, error: Refusal) -> Reading:
    """Tell a broken signed part from broken disclosures: each is refused by its own check."""
    try:
        return Reading(parse(text.partition("~")[0] + "~"), None, {"slots": _malformed(error)})
    except REFUSALS as second:
        if second.path.startswith("/fields"):
            refused = {"slots": _malformed(second), "signature": skipped("signature", "slots")}
        else:
            check = Check("signature", State.FAILED, "statement_malformed", cause(second))
            refused = {"signature": check, "slots": skipped("slots", "signature")}
        return Reading(None, None, refused)


def _malformed(error: Refusal) -> Check:
    return Check("slots", State.FAILED, "slots_malformed", cause(error))


def check_slots(
    statement: Statement, opened: Opened, elsewhere: Elsewhere
) -> tuple[Check, str | None]:
    """Check ``slots``, and the field that was changed if it can be told."""
    facts: Facts = {"opened": len(opened.opened), "closed": len(opened.closed)}
    if not opened.strays:
        return Check("slots", State.PASSED, "slots_hold", facts), None
    facts["strays"] = len(opened.strays)
    if not opened.suspects:
        return Check("slots", State.FAILED, "slots_foreign", facts), None
    changed = _changed(opened, elsewhere(statement.claims.schema))
    if changed:
        names = [path_text(path) for path in changed]
        facts["field"] = _listed(names)
        code = "slots_field_changed" if len(names) == 1 else "slots_fields_changed"
        return Check("slots", State.FAILED, code, facts), names[0]
    facts["candidates"] = _listed([path_text(path) for path in opened.suspects])
    return Check("slots", State.FAILED, "slots_some_changed", facts), None


def _changed(opened: Opened, usually_open: frozenset[Path]) -> Sequence[Path]:
    """The changed fields by elimination; empty where several closed slots could be meant.

    The order of the disclosures leaves the closed slots between two matching neighbours. Where there
    are more of them than strays, those that the bundle shows open in other records of the same schema
    are the ones whose value is missing here, as one reader sees the same fields of each.
    """
    count = len(_outermost(opened.strays))
    if len(opened.suspects) == count:
        return opened.suspects
    missing = [path for path in opened.suspects if without_indexes(path) in usually_open]
    return missing if len(missing) == count else ()


def _outermost(strays: Sequence[str]) -> Sequence[str]:
    """Strays that no other stray contains: a changed value takes the slots inside it along."""
    texts = {stray: _text_of(stray) for stray in strays}
    return [
        stray
        for stray in strays
        if not any(digest_of(stray) in text for other, text in texts.items() if other != stray)
    ]


def _text_of(stray: str) -> str:
    try:
        return base64url.decode(stray).decode("utf-8", "replace")
    except VerificationError:
        # The change hit the base64url itself: nothing can be read inside it.
        return ""


def _listed(names: Sequence[str]) -> str:
    more = f", … ({len(names)})" if len(names) > _MAX_NAMED else ""
    return ", ".join(names[:_MAX_NAMED]) + more


def without_indexes(path: Path) -> Path:
    """A path with its list indexes left out: the same field in every element."""
    return tuple(part for part in path if isinstance(part, str))


def shown_fields(opened: Opened) -> dict[str, Any]:
    """The opened values; closed members are left out, closed list elements are None."""
    return {name: _shown(value) for name, value in opened.fields.items() if value is not CLOSED}


def _shown(value: object) -> object:
    if value is CLOSED:
        return None
    if isinstance(value, dict):
        return {name: _shown(item) for name, item in value.items() if item is not CLOSED}
    if isinstance(value, list):
        return [_shown(item) for item in value]
    return value
