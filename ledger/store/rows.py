"""Rows to the types of ledger.ports and back; nothing here touches a connection."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import Row

from ledger.errors import InputError
from ledger.ports import (
    AnchorRow,
    Found,
    Identifier,
    LeafRow,
    OutboxRow,
    RecordKey,
    StatementRow,
)
from ledger.store import schema
from ledger.values import AnchorFacts, Millis, Origin, StatementId, TreeHead

_STATEMENT = (
    "id",
    "region",
    "kind",
    "issuer",
    "key",
    "author",
    "version",
    "prev",
    "jti",
    "event_time",
    "signed",
    "disclosures",
)
STATEMENT_COLUMNS = tuple(schema.statement.c[name].label(f"s_{name}") for name in _STATEMENT)
LEAF_COLUMNS = tuple(
    schema.leaf.c[name].label(f"l_{name}")
    for name in ("origin", "index", "statement", "received", "prev_index", "hash")
)

Identifiers = Mapping[int, tuple[Identifier, ...]]
"""Identifiers by the number of the statement that carries them."""


def statement_values(row: StatementRow, number: int) -> dict[str, object]:
    """Columns of the statement table."""
    return {
        "number": number,
        "id": row.id,
        "region": row.region,
        "kind": row.record.kind,
        "issuer": row.record.issuer,
        "key": row.record.key,
        "author": row.author,
        "version": row.version,
        "prev": row.prev,
        "jti": row.jti,
        "event_time": row.event_time,
        "signed": row.signed,
        "disclosures": "~".join(row.disclosures),
    }


def identifier_values(row: StatementRow, number: int) -> list[dict[str, object]]:
    """Rows of the identifier table; the same number named twice is kept once."""
    distinct = {(one.type, one.value): one for one in reversed(row.identifiers)}
    return [
        {"value": value, "type": kind, "statement": number, "ordinal": at, "follow": one.follow}
        for at, ((kind, value), one) in enumerate(reversed(distinct.items()))
    ]


def leaf_values(row: LeafRow, number: int) -> dict[str, object]:
    """Columns of the leaf table."""
    return {
        "origin": str(row.origin),
        "index": row.index,
        "statement": number,
        "received": row.received,
        "prev_index": row.prev_index,
        "hash": row.hash,
    }


def read_leaf(row: Row[Any], statement: bytes) -> LeafRow:
    """The leaf in LEAF_COLUMNS, naming that statement."""
    return LeafRow(
        origin=Origin.parse(row.l_origin),
        index=row.l_index,
        statement=StatementId(statement),
        received=Millis(row.l_received),
        prev_index=row.l_prev_index,
        hash=row.l_hash,
    )


def read_statement(row: Row[Any], identifiers: tuple[Identifier, ...]) -> StatementRow:
    """The statement in STATEMENT_COLUMNS."""
    return StatementRow(
        id=StatementId(row.s_id),
        signed=row.s_signed,
        disclosures=tuple(row.s_disclosures.split("~")) if row.s_disclosures else (),
        region=row.s_region,
        record=RecordKey(row.s_kind, row.s_issuer, row.s_key),
        author=row.s_author,
        version=row.s_version,
        prev=None if row.s_prev is None else StatementId(row.s_prev),
        jti=row.s_jti,
        event_time=None if row.s_event_time is None else Millis(row.s_event_time),
        identifiers=identifiers,
    )


def is_place(row: Row[Any]) -> bool:
    """Whether a row still says which leaf it is; SQLite keeps any value in any column.

    A row that was altered beyond that is as good as absent: nothing could be proven of it.
    """
    return isinstance(row.l_index, int) and isinstance(row.s_id, bytes)


def read_found(row: Row[Any], identifiers: Identifiers) -> Found:
    """A row of STATEMENT_COLUMNS and LEAF_COLUMNS."""
    return Found(
        read_statement(row, identifiers.get(row.l_statement, ())), read_leaf(row, row.s_id)
    )


def read_identifiers(rows: Iterable[Row[Any]]) -> Identifiers:
    """Rows of (statement, type, value, follow), in order of their ordinal."""
    carried: dict[int, list[Identifier]] = {}
    for row in rows:
        carried.setdefault(row.statement, []).append(Identifier(row.type, row.value, row.follow))
    return {number: tuple(some) for number, some in carried.items()}


def anchor_values(row: AnchorRow) -> dict[str, object]:
    """Columns of the anchor table."""
    facts = row.facts
    return {
        "origin": str(row.origin),
        "size": facts.head.size,
        "root": facts.head.root,
        "block_number": facts.block_number,
        "block_hash": facts.block_hash,
        "transaction": facts.transaction,
        "log_index": facts.log_index,
        "block_time": facts.block_time,
        "checkpoint": row.checkpoint,
        "quorate": row.quorate,
    }


def read_anchor(row: Row[Any], cosignatures: dict[str, str]) -> AnchorRow:
    """A row of the anchor table with its cosignatures."""
    origin = Origin.parse(row.origin)
    if not isinstance(row.size, int):
        # SQLite keeps whatever type was written: a cell altered into another one is no size.
        raise InputError("tree_size_out_of_range", "an anchored size is not a number")
    facts = AnchorFacts(
        log_id=origin.log_id,
        head=TreeHead(row.size, row.root),
        block_number=row.block_number,
        block_hash=row.block_hash,
        transaction=row.transaction,
        log_index=row.log_index,
        block_time=Millis(row.block_time),
    )
    return AnchorRow(origin, facts, row.checkpoint, cosignatures, row.quorate)


def outbox_values(row: OutboxRow) -> dict[str, object]:
    """Columns of the outbox table."""
    return {
        "sender": row.sender,
        "nonce": row.nonce,
        "hash": row.hash,
        "origin": str(row.origin),
        "size": row.head.size,
        "root": row.head.root,
        "raw": row.raw,
        "done": row.done,
    }


def read_outbox(row: Row[Any]) -> OutboxRow:
    """A row of the outbox table."""
    return OutboxRow(
        origin=Origin.parse(row.origin),
        head=TreeHead(row.size, row.root),
        sender=row.sender,
        nonce=row.nonce,
        raw=row.raw,
        hash=row.hash,
        done=row.done,
    )
