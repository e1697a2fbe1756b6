"""Which database the settings name."""

from __future__ import annotations

from pathlib import Path

from ledger.store.database import DatabaseStore
from ledger.store.postgres import PostgresStore, read_postgres
from ledger.store.postgres_engine import PostgresAddress
from ledger.store.reads import Reads
from ledger.store.sqlite import SqliteStore, read_sqlite

_FILE = "ledger.sqlite"


async def open_store(
    folder: Path, database: str, password_file: Path | None, *, mark: bytes
) -> DatabaseStore:
    """Take the lead of the region's database: a PostgreSQL URL, or '' for a file in the folder.

    Raises as ``SqliteStore.open`` and ``PostgresStore.open``.
    """
    if database:
        return await PostgresStore.open(PostgresAddress(database, password_file), mark=mark)
    return await SqliteStore.open(folder / _FILE, mark=mark)


async def open_reads(folder: Path, database: str, password_file: Path | None) -> Reads:
    """The reads of the same database, beside the node or without one; they change nothing.

    Raises:
        FatalError: store_failed, schema_unknown.
    """
    if database:
        return await read_postgres(PostgresAddress(database, password_file))
    return await read_sqlite(folder / _FILE)
