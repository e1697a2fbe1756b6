"""Reading what another region feeds: leaf, statement, and what the open disclosures tell."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from ledger.errors import VerificationError
from ledger.merkle.hashing import leaf_hash
from ledger.merkle.leaf import Leaf, encode_leaf
from ledger.ports import Identifier, LeafRow, RecordKey, StatementRow
from ledger.records.read import glance
from ledger.statement.sdjwt import Opened, Statement, join, open_slots, parse
from ledger.values import Millis, Origin, Sealed, StatementId

_MOST_TEXT = 256


@dataclass(frozen=True, slots=True)
class Fed:
    """One leaf as fed; ``statement`` is None where the signed part is not of the format."""

    place: LeafRow
    signed: bytes
    statement: Statement | None
    opened: Opened | None
    sealed: Sealed | None = None


def names(statement: StatementId, signed: bytes) -> bool:
    """Whether these signed bytes are that statement: its id proves them, whoever gave them."""
    return hashlib.sha256(signed.rpartition(b".")[0]).digest() == statement


def read_fed(
    origin: Origin,
    index: int,
    leaf: Leaf,
    signed: bytes,
    disclosures: tuple[str, ...],
    sealed: Sealed | None = None,
) -> Fed:
    """Take a fed leaf apart; never raises, since what is wrong with a record is a finding only."""
    place = LeafRow(
        origin,
        index,
        StatementId(leaf.statement),
        Millis(leaf.received),
        leaf.prev,
        leaf_hash(encode_leaf(leaf)),
    )
    try:
        statement = parse(join(signed, ()))
    except VerificationError:
        return Fed(place, signed, None, None, sealed)
    try:
        statement = parse(join(signed, disclosures))
        return Fed(place, signed, statement, open_slots(statement), sealed)
    except VerificationError:
        # Disclosures that cannot be read open nothing; the statement itself is still held.
        return Fed(place, signed, statement, open_slots(statement), sealed)


def row_of(fed: Fed, issuer: str | None) -> StatementRow:
    """The row of a mirrored statement.

    ``issuer`` is that of the record's first version, or None where this is the first or its predecessor
    is not known. Only disclosures that open a slot are kept.
    """
    place, statement, opened = fed.place, fed.statement, fed.opened
    if statement is None or opened is None:
        named = place.statement.hex()
        return StatementRow(
            place.statement, fed.signed, (), place.origin.region,
            RecordKey("", "", named), "", 0, None, named, None,
        )  # fmt: skip
    claims = statement.claims
    record = glance(claims.kind, opened.fields)
    if record is not None and not _plain(record.key):
        record = None
    identifiers = record.identifiers if record else ()
    return StatementRow(
        id=place.statement,
        signed=fed.signed,
        disclosures=opened.shown,
        region=place.origin.region,
        # A key that is closed to us must not make two records look like one.
        record=RecordKey(
            claims.kind, issuer or claims.iss, record.key if record else place.statement.hex()
        ),
        author=claims.iss,
        version=claims.version,
        prev=StatementId(bytes.fromhex(claims.prev)) if claims.prev else None,
        jti=claims.jti,
        event_time=record.time if record else None,
        identifiers=tuple(
            Identifier(one.type, one.value, one.follow) for one in identifiers if _plain(one.value)
        ),
    )


def _plain(text: str) -> bool:
    """Whether a text could be a key or number of anything, and any database keeps and indexes it.

    Another region may have logged whatever it likes: one that no database takes must not keep its
    leaves from being mirrored.
    """
    return len(text) <= _MOST_TEXT and text.isprintable()
