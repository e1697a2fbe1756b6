"""Sealed disclosures of mirrored statements: kept for their region, never read here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from ledger.store import schema
from ledger.store.inserting import insert_rows
from ledger.values import Origin, Sealed, StatementId


async def write_sealed(
    connection: AsyncConnection, origin: Origin, sealed: Mapping[StatementId, Sealed]
) -> None:
    """Keep each where none is kept of that statement in that log; it must be stored."""
    if not sealed:
        return
    table = schema.statement.c
    query = select(table.id, table.number).where(table.id.in_(list(sealed)))
    rows = [
        {
            "origin": str(origin),
            "statement": row.number,
            "seq": one.seq,
            "enc": one.enc,
            "signature": one.signature,
            "ciphertext": one.ciphertext,
        }
        for row in await connection.execute(query)
        for one in [sealed[StatementId(row.id)]]
    ]
    await insert_rows(connection, schema.sealed, rows, or_ignore=True)


async def read_sealed(
    connection: AsyncConnection, origin: Origin, statements: Sequence[StatementId]
) -> dict[StatementId, Sealed]:
    """What is kept of these statements of a log."""
    if not statements:
        return {}
    table = schema.sealed.c
    query = (
        select(schema.statement.c.id, table.enc, table.seq, table.ciphertext, table.signature)
        .join(schema.statement, schema.statement.c.number == table.statement)
        .where(table.origin == str(origin), schema.statement.c.id.in_(list(statements)))
    )
    return {
        StatementId(row.id): Sealed(row.enc, row.seq, row.ciphertext, row.signature)
        for row in await connection.execute(query)
    }
