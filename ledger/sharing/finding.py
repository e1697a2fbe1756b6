"""What a search asks for, and which matches may be told."""

from __future__ import annotations

from ledger.errors import InputError
from ledger.ports import Found, Identifier
from ledger.records.grades import PRIVATE_IDENTIFIERS
from ledger.records.identifiers import recognise
from ledger.sharing.rights import Right
from ledger.statement import operator

_MAX_VALUE = 256


def meant(value: str, kind: str) -> Identifier:
    """The identifier a reader means, in the spelling in which records carry it."""
    text = value.strip()
    if not text or len(text) > _MAX_VALUE:
        raise InputError("value_malformed", f"not 1 to {_MAX_VALUE} characters", "/value")
    for known in recognise(text):
        if kind in ("", known.type):
            return Identifier(kind, known.value)
    return Identifier(kind, text)


def may_find(found: Found, wanted: Identifier, right: Right) -> bool:
    """Whether this match tells the reader nothing but what it may see."""
    row = found.statement
    if right.peer is not None or right.author == row.author or row.record.kind == operator.KIND:
        return True
    return any(
        one.value == wanted.value
        and wanted.type in ("", one.type)
        and one.type not in PRIVATE_IDENTIFIERS
        for one in row.identifiers
    )
