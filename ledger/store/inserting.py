"""Many rows into one table: the text that SQLAlchemy compiles, the values handed straight to the driver.

Core's own way through the parameters of each row costs as much again as SQLite's insert, and these rows are
most of what a group commit does.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache

from sqlalchemy import Table
from sqlalchemy.engine import Dialect
from sqlalchemy.ext.asyncio import AsyncConnection

from ledger.store.dialect import insert_into


async def insert_rows(
    connection: AsyncConnection,
    table: Table,
    rows: Sequence[Mapping[str, object]],
    *,
    or_ignore: bool = False,
) -> None:
    """Insert rows, each with a value for every column; or_ignore leaves out those whose place is taken."""
    if rows:
        text, names = _compiled(table, connection.dialect, or_ignore)
        await connection.exec_driver_sql(text, [tuple(row[name] for name in names) for row in rows])


@lru_cache(maxsize=64)
def _compiled(table: Table, dialect: Dialect, or_ignore: bool) -> tuple[str, tuple[str, ...]]:
    names = tuple(column.name for column in table.columns)
    statement = insert_into(dialect, table)
    if or_ignore:
        statement = statement.on_conflict_do_nothing()
    compiled = statement.compile(dialect=dialect, column_keys=names)
    return str(compiled), tuple(compiled.positiontup or ())
