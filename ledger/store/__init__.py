"""Where a node keeps what it promised: the database and the head lock. Only importer of SQLAlchemy."""

from ledger.store.headlock import FileHeadLock
from ledger.store.opening import open_reads, open_store
from ledger.store.postgres import PostgresStore
from ledger.store.postgres_engine import PostgresAddress
from ledger.store.sqlite import SqliteStore

__all__ = [
    "FileHeadLock",
    "PostgresAddress",
    "PostgresStore",
    "SqliteStore",
    "open_reads",
    "open_store",
]
