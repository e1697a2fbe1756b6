"""Who writes this database: a token that each starting node replaces and every transaction compares.

The comparison holds a share of the row (``FOR SHARE``) until its transaction has ended, so a node that
starts waits for a transaction under way, and none that is compared later can pass. An advisory lock would
say the same, but only in two steps: taken in one query with the reading, a query that waited for the lock
would read what stood there before it waited. SQLite has one writer at a time and needs no lock for it.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Select, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from ledger.errors import FatalError
from ledger.store import schema
from ledger.store.dialect import insert_into

_NAME = "leader"


def leader_row(*more: Any) -> Select[Any]:  # noqa: ANN401 - further columns to read in the same query
    """Select the token, as ``value``, and hold a share of its row to the end of the transaction."""
    table = schema.meta.c
    return select(table.value, *more).where(table.name == _NAME).with_for_update(read=True)


async def take_lead(connection: AsyncConnection, mark: bytes) -> str:
    """Replace the token inside the open transaction; gives the new one.

    ``mark`` (random) tells it from one that had the same number in another copy of this database.
    """
    table = schema.meta
    await connection.execute(
        insert_into(connection.dialect, table)
        .values(name=_NAME, value="0")
        .on_conflict_do_nothing()
    )
    mine = table.c.name == _NAME
    before = await connection.scalar(select(table.c.value).where(mine).with_for_update())
    token = f"{int(str(before).partition(' ')[0]) + 1} {mark.hex()}"
    await connection.execute(update(table).where(mine).values(value=token))
    return token


def check_leader(held: str | None, token: str) -> None:
    """Refuse to write where another node has taken the lead.

    Raises:
        FatalError: leader_replaced.
    """
    if held != token:
        raise FatalError("leader_replaced", "another node writes this database now")
