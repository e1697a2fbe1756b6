"""Queries that both the writer's transaction and the readers ask; each takes a connection."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, and_, func, or_, select, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from ledger.ports import Found, RecordKey
from ledger.store import schema
from ledger.store.rows import (
    LEAF_COLUMNS,
    STATEMENT_COLUMNS,
    Identifiers,
    is_place,
    read_found,
    read_identifiers,
)
from ledger.values import Millis, Origin, StatementId

_FOUND = (
    select(*STATEMENT_COLUMNS, *LEAF_COLUMNS, schema.log.c.region, schema.log.c.epoch)
    .select_from(schema.statement)
    .join(schema.leaf, schema.leaf.c.statement == schema.statement.c.number)
    .join(schema.log, schema.log.c.origin == schema.leaf.c.origin)
)
_other_leaf = schema.leaf.alias("other_leaf")
_other_log = schema.log.alias("other_log")

_PAST_ALL = 2**63 - 1
# SQLite refuses a query with more than 32,766 values, where it was built as it comes.
_MOST_VALUES = 30_000

NEWEST_PLACE: ColumnElement[bool] = ~(
    select(_other_leaf.c.index)
    .join(_other_log, _other_log.c.origin == _other_leaf.c.origin)
    .where(
        _other_leaf.c.statement == schema.leaf.c.statement,
        _other_log.c.region == schema.log.c.region,
        or_(
            _other_log.c.epoch > schema.log.c.epoch,
            and_(
                _other_log.c.origin == schema.log.c.origin,
                _other_leaf.c.index < schema.leaf.c.index,
            ),
        ),
    )
    .correlate(schema.leaf, schema.log)
    .exists()
)
"""Of a statement's leaves in one region: the first in the newest epoch."""


def found_where(*conditions: ColumnElement[bool]) -> Select[Any]:
    """Select statements with their leaves."""
    return _FOUND.where(*conditions)


async def fetch_found(connection: AsyncConnection, query: Select[Any]) -> list[Found]:
    """Run a query made of found_where and complete its statements."""
    rows = (await connection.execute(query)).all()
    carried = await _identifiers(connection, rows)
    return [read_found(row, carried) for row in rows if is_place(row)]


async def size_of(connection: AsyncConnection, origin: Origin) -> int:
    """Number of leaves; indexes are dense, so it is the last one plus one."""
    leaf = schema.leaf.c
    # Bounded, since SQLite keeps texts in any column and counts them as more than every number.
    mine = (leaf.origin == str(origin), leaf.index < _PAST_ALL)
    query = select(func.max(leaf.index)).where(*mine)
    last = await connection.scalar(query)
    return 0 if last is None else last + 1


async def last_received(connection: AsyncConnection, origin: Origin) -> Millis:
    """``received`` of the last leaf, 0 for an empty log."""
    leaf = schema.leaf.c
    query = (
        select(leaf.received).where(leaf.origin == str(origin)).order_by(leaf.index.desc()).limit(1)
    )
    return Millis(await connection.scalar(query) or 0)


async def find_ids(
    connection: AsyncConnection, region: str, ids: Sequence[StatementId]
) -> dict[StatementId, Found]:
    """Statements logged in the region, at their newest place."""
    if not ids:
        return {}
    query = found_where(schema.statement.c.id.in_(ids), schema.log.c.region == region, NEWEST_PLACE)
    return {one.statement.id: one for one in await fetch_found(connection, query)}


async def find_jtis(
    connection: AsyncConnection, region: str, jtis: Sequence[tuple[str, str]]
) -> dict[tuple[str, str], StatementId]:
    """(author, jti) pairs seen in the region."""
    if not jtis:
        return {}
    table = schema.author_jti.c
    query = (
        select(table.author, table.jti, schema.statement.c.id)
        .join(schema.statement, schema.statement.c.number == table.statement)
        .where(table.region == region, table.jti.in_({jti for _, jti in jtis}))
    )
    seen = {(row.author, row.jti): StatementId(row.id) for row in await connection.execute(query)}
    return {pair: seen[pair] for pair in jtis if pair in seen}


async def find_newest(
    connection: AsyncConnection, region: str, records: Sequence[RecordKey]
) -> dict[RecordKey, Found]:
    """The newest version of each record in the region."""
    if not records:
        return {}
    query = found_where(
        schema.statement.c.number.in_(_newest_versions(region, records)),
        schema.log.c.region == region,
        NEWEST_PLACE,
    )
    return {one.statement.record: one for one in await fetch_found(connection, query)}


async def find_known(connection: AsyncConnection, ids: Sequence[StatementId]) -> set[StatementId]:
    """Which of these statements are stored; of any number, asked for some at a time."""
    column, known = schema.statement.c.id, set[StatementId]()
    for start in range(0, len(ids), _MOST_VALUES):
        some = ids[start : start + _MOST_VALUES]
        known.update(
            map(StatementId, await connection.scalars(select(column).where(column.in_(some))))
        )
    return known


def _newest_versions(region: str, records: Sequence[RecordKey]) -> Select[Any]:
    mine, other = schema.record_version.c, schema.record_version.alias("other").c
    newest = (
        select(func.max(other.version))
        .where(
            other.region == mine.region,
            other.kind == mine.kind,
            other.issuer == mine.issuer,
            other.key == mine.key,
        )
        .scalar_subquery()
    )
    wanted = [(one.kind, one.issuer, one.key) for one in records]
    return select(mine.statement).where(
        mine.region == region,
        mine.key.in_({one.key for one in records}),
        tuple_(mine.kind, mine.issuer, mine.key).in_(wanted),
        mine.version == newest,
    )


async def _identifiers(connection: AsyncConnection, rows: Sequence[Row[Any]]) -> Identifiers:
    if not rows:
        return {}
    table = schema.identifier.c
    query = (
        select(table.statement, table.type, table.value, table.follow)
        .where(table.statement.in_({row.l_statement for row in rows}))
        .order_by(table.statement, table.ordinal)
    )
    return read_identifiers(await connection.execute(query))
