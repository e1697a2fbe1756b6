"""The one write of a log: leaves, the statements they name and the tiles they complete."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Column, Select, Table, bindparam, delete, func, select, tuple_
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from ledger.errors import ConflictError, FatalError
from ledger.ports import Append, LeafRow, StatementRow
from ledger.store import schema
from ledger.store.dialect import insert_into
from ledger.store.evidence import keep_evidence
from ledger.store.inserting import insert_rows
from ledger.store.lookups import size_of
from ledger.store.rows import identifier_values, leaf_values, statement_values
from ledger.values import StatementId

Numbers = dict[StatementId, int]
"""Statement numbers by statement id."""


async def write_append(connection: AsyncConnection, step: Append) -> None:
    """Write the step inside the open transaction.

    Raises:
        FatalError: log_moved, if the log does not end at ``step.start``.
        ConflictError: statement_conflict, if a constraint of the database refuses a statement.
    """
    size = await size_of(connection, step.origin)
    if size != step.start:
        raise FatalError("log_moved", f"{step.origin} holds {size} leaves, not {step.start}")
    await _name_log(connection, step)
    try:
        numbers = await _write_statements(connection, step)
    except IntegrityError as error:
        raise ConflictError(
            "statement_conflict", "the database holds another statement in that place"
        ) from error
    leaves = [leaf_values(row, numbers[row.statement]) for row in step.leaves]
    await insert_rows(connection, schema.leaf, leaves)
    await insert_rows(
        connection,
        schema.tile,
        [
            {
                "origin": str(row.origin),
                "level": row.level,
                "index": row.index,
                "root": row.root,
                "data": row.data,
            }
            for row in step.tiles
        ],
    )


async def _name_log(connection: AsyncConnection, step: Append) -> None:
    if step.start == 0 and step.leaves:
        origin = step.origin
        await connection.execute(
            insert_into(connection.dialect, schema.log)
            .values(origin=str(origin), region=origin.region, epoch=origin.epoch)
            .on_conflict_do_nothing()
        )


async def _write_statements(connection: AsyncConnection, step: Append) -> Numbers:
    numbers = await _numbers(connection, {leaf.statement for leaf in step.leaves})
    held = [row for row in step.statements if row.id in numbers]
    fresh = list({row.id: row for row in step.statements if row.id not in numbers}.values())
    highest = await connection.scalar(select(func.max(schema.statement.c.number)))
    for number, row in enumerate(fresh, (highest or 0) + 1):
        numbers[row.id] = number
    values = [statement_values(row, numbers[row.id]) for row in fresh]
    await insert_rows(connection, schema.statement, values)
    carried = fresh
    if held and not step.mirrored:
        await replace_held(connection, held, numbers)
        carried = [*held, *fresh]
    identifiers = [one for row in carried for one in identifier_values(row, numbers[row.id])]
    await insert_rows(connection, schema.identifier, identifiers)
    if step.mirrored:
        await _claim_mirrored(connection, step, numbers)
    else:
        await insert_rows(connection, schema.record_version, _versions(step, numbers))
        await insert_rows(connection, schema.author_jti, _jtis(step, numbers))
    return numbers


async def replace_held(
    connection: AsyncConnection, held: Sequence[StatementRow], numbers: Numbers
) -> None:
    """Let the region a statement is meant for have the last word on its bytes.

    Another region may have logged it first, with fewer disclosures or a twin of its signature; its own
    region has just checked it whole.
    """
    await connection.execute(
        schema.statement.update().where(schema.statement.c.number == bindparam("held")),
        [statement_values(row, numbers[row.id]) | {"held": numbers[row.id]} for row in held],
    )
    mine = schema.identifier.c.statement
    await connection.execute(
        delete(schema.identifier).where(mine.in_([numbers[row.id] for row in held]))
    )


async def _claim_mirrored(connection: AsyncConnection, step: Append, numbers: Numbers) -> None:
    """Take record identities as far as they are free; each one that is not becomes evidence.

    Append-only is a claim of its own: a region that logs a record twice must still be mirrored, or it
    could stop its witnesses by doing so.
    """
    versions, jtis = _versions(step, numbers), _jtis(step, numbers)
    await insert_rows(connection, schema.record_version, versions, or_ignore=True)
    await insert_rows(connection, schema.author_jti, jtis, or_ignore=True)
    clashes = await _clashes(connection, schema.record_version, versions)
    clashes += await _clashes(connection, schema.author_jti, jtis)
    if not clashes:
        return
    ids = {number: one for one, number in numbers.items()}
    places: dict[StatementId, LeafRow] = {}
    for leaf in step.leaves:
        places.setdefault(leaf.statement, leaf)
    for what, ours, theirs in clashes:
        leaf = places[ids[ours]]
        held = await connection.scalar(
            select(schema.statement.c.id).where(schema.statement.c.number == theirs)
        )
        body = {"index": leaf.index, "held": (held or b"").hex(), "same": what}
        await keep_evidence(
            connection,
            "record_clash",
            leaf.statement.hex(),
            json.dumps(body | {"origin": str(leaf.origin)}, sort_keys=True),
            leaf.received,
        )


async def _clashes(
    connection: AsyncConnection, table: Table, rows: Sequence[dict[str, object]]
) -> list[tuple[str, int, int]]:
    """(table name, our statement, the statement that holds the place) where the two differ."""
    if not rows:
        return []
    columns = list(table.primary_key.columns)
    names = [column.name for column in columns]
    wanted = [tuple(row[name] for name in names) for row in rows]
    held = await connection.execute(_holding(columns, wanted))
    holders = {tuple(row)[: len(names)]: row.statement for row in held}
    return [
        (table.name, row["statement"], holders[place])  # type: ignore[misc]
        for row, place in zip(rows, wanted, strict=True)
        if holders[place] != row["statement"]
    ]


def _holding(columns: Sequence[Column[Any]], wanted: Sequence[tuple[object, ...]]) -> Select[Any]:
    """Rows of a table by region, a list of second columns and, of those, the whole primary key."""
    region, second = columns[:2]
    return select(region.table).where(
        region == wanted[0][0],
        second.in_({place[1] for place in wanted}),
        tuple_(*columns).in_(wanted),
    )


def _versions(step: Append, numbers: Numbers) -> list[dict[str, object]]:
    return [
        {
            "region": step.origin.region,
            "kind": row.record.kind,
            "issuer": row.record.issuer,
            "key": row.record.key,
            "version": row.version,
            "statement": numbers[row.id],
        }
        for row in step.statements
    ]


def _jtis(step: Append, numbers: Numbers) -> list[dict[str, object]]:
    return [
        {
            "region": step.origin.region,
            "jti": row.jti,
            "author": row.author,
            "statement": numbers[row.id],
        }
        for row in step.statements
    ]


async def _numbers(connection: AsyncConnection, ids: Iterable[StatementId]) -> Numbers:
    table = schema.statement.c
    query = select(table.id, table.number).where(table.id.in_(set(ids)))
    return {StatementId(row.id): row.number for row in await connection.execute(query)}
