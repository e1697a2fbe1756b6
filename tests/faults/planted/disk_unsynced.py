"""Planted: a commit returns before the disk has it (SQLite's synchronous=OFF)."""

from ledger.store import sqlite, sqlite_engine


async def _unchecked(_connection) -> None:
    return None


def plant() -> None:
    sqlite_engine._WRITER = tuple(
        one.replace("synchronous=FULL", "synchronous=OFF") for one in sqlite_engine._WRITER
    )
    sqlite._check_durable = _unchecked
