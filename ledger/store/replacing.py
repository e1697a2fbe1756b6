"""Completing statements that are stored with fewer disclosures than their region once held."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from ledger.errors import ConflictError
from ledger.ports import StatementRow
from ledger.store import schema
from ledger.store.appending import replace_held
from ledger.store.inserting import insert_rows
from ledger.store.rows import identifier_values
from ledger.values import StatementId


async def complete(connection: AsyncConnection, rows: Sequence[StatementRow]) -> None:
    """Let these rows stand in the place of what is stored of the same statements, keys and numbers too.

    Raises:
        ConflictError: statement_conflict, if a record's key turns out to be another one's.
    """
    table = schema.statement.c
    found = await connection.execute(
        select(table.id, table.number).where(table.id.in_([row.id for row in rows]))
    )
    numbers = {StatementId(row.id): row.number for row in found}
    held = [row for row in rows if row.id in numbers]
    await replace_held(connection, held, numbers)
    await insert_rows(
        connection,
        schema.identifier,
        [one for row in held for one in identifier_values(row, numbers[row.id])],
    )
    place = schema.record_version.c
    for row in held:
        try:
            await connection.execute(
                update(schema.record_version)
                .where(place.statement == numbers[row.id], place.region == row.region)
                .values(key=row.record.key)
            )
        except IntegrityError as error:
            raise ConflictError(
                "statement_conflict", "the database holds another statement in that place"
            ) from error
