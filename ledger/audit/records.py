"""One stored record against its own bytes: the statement, its leaf, and every column derived from them."""

from __future__ import annotations

from collections.abc import Iterator

from ledger.errors import VerificationError
from ledger.merkle.hashing import leaf_hash
from ledger.merkle.leaf import Leaf, encode_leaf
from ledger.mirroring.feeding import Fed, names, read_fed, row_of
from ledger.ports import Found, StatementRow
from ledger.statement.slots import pointer_to

Fault = tuple[str, str]
"""(field, detail)."""

_COLUMNS = ("author", "version", "prev", "jti", "event_time")


def take_apart(found: Found) -> Fed:
    """The record as its mirrors would read it; never raises but for a leaf that has no line.

    Raises:
        VerificationError: leaf_…
    """
    row, leaf = found.statement, found.leaf
    line = Leaf(leaf.statement, leaf.received, leaf.prev_index)
    return read_fed(leaf.origin, leaf.index, line, row.signed, row.disclosures)


def leaf_faults(found: Found) -> Iterator[Fault]:
    """Whether the leaf's columns are those that were hashed."""
    leaf = found.leaf
    try:
        line = encode_leaf(Leaf(leaf.statement, leaf.received, leaf.prev_index))
    except (VerificationError, ValueError) as error:
        yield "leaf", f"its columns make no leaf: {error}"
        return
    if leaf_hash(line) != leaf.hash:
        yield "leaf", "received, place of the version before or statement is not what was hashed"


def statement_faults(found: Found, fed: Fed, before: Found | None, *, whole: bool) -> list[Fault]:
    """What of a statement is not what its author signed, or not derived from that.

    ``whole``: a slot that stays closed is a fault, since nothing sealed is held of it.
    """
    row = found.statement
    faults: list[Fault] = []
    if not names(row.id, row.signed):
        faults.append(("signed", "the signed part is another statement's"))
    opened = fed.opened
    if fed.statement is None or opened is None:
        return [*faults, ("signed", "the signed part is not of the format")]
    faults += [
        (pointer_to(path), "its disclosure is not the one that was signed")
        for path in opened.suspects
    ]
    if len(opened.shown) != len(row.disclosures) and not opened.suspects:
        faults.append(("disclosures", "one of them opens no field of this statement"))
    if whole:
        named = {field for field, _ in faults}
        faults += [
            (pointer_to(path), "its disclosure is gone")
            for path in opened.closed
            if pointer_to(path) not in named
        ]
    if not faults:
        faults += _derived(row, row_of(fed, before.statement.record.issuer if before else None))
    return faults


def _derived(row: StatementRow, again: StatementRow) -> Iterator[Fault]:
    for name in _COLUMNS:
        stored, derived = getattr(row, name), getattr(again, name)
        if stored != derived:
            yield name, f"stored is {stored!r}, signed is {derived!r}"
    for name in ("kind", "issuer", "key"):
        stored, derived = getattr(row.record, name), getattr(again.record, name)
        if stored != derived:
            yield name, f"stored is {stored!r}, signed is {derived!r}"
    if set(row.identifiers) != set(again.identifiers):
        yield "identifier", "the numbers it can be found by are not those that were signed"
