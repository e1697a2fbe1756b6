"""Connections to one SQLite file: one that writes and checkpoints, others that only read.

SQLite releases before 3.51.3 can lose committed data when two connections checkpoint at once (DESIGN
D3), so readers are opened read-only, which cannot checkpoint at all. Pragmas belong to a connection, not to
the file: they are set by an event hook on every connection the pool ever opens, since a single connection
left at ``synchronous=NORMAL`` would lose acknowledged records on a power cut.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import quote

from sqlalchemy import Connection, event
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

_WRITER = (
    "PRAGMA busy_timeout=5000",
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=FULL",
    "PRAGMA foreign_keys=ON",
    "PRAGMA cache_size=-65536",
    # 32 MiB: a full group of a large log changes over 2,000 pages; a checkpoint after each writes them twice.
    "PRAGMA wal_autocheckpoint=8000",
)
_READER = (
    "PRAGMA busy_timeout=5000",
    "PRAGMA query_only=ON",
    "PRAGMA synchronous=FULL",
    "PRAGMA foreign_keys=ON",
    "PRAGMA cache_size=-16384",
    "PRAGMA wal_autocheckpoint=0",
)


def writer_engine(path: Path) -> AsyncEngine:
    """The engine of the one writing connection; creates the file if there is none."""
    engine = _engine(path, "rwc", _WRITER, size=1)
    _begin_with(engine, "BEGIN IMMEDIATE")
    return engine


def reader_engines(path: Path, size: int) -> tuple[AsyncEngine, AsyncEngine]:
    """Engines of the reading connections, ``size`` in all: for single queries, and for several together.

    The file must exist. A single query needs no transaction to be consistent; the second engine begins
    one.
    """
    single = _engine(path, "ro", _READER, size=size)
    together = single.execution_options()
    _begin_with(together, "BEGIN")
    return single, together


def _begin_with(engine: AsyncEngine, text: str) -> None:
    @event.listens_for(engine.sync_engine, "begin")
    def start(connection: Connection) -> None:
        connection.exec_driver_sql(text)


def _engine(path: Path, mode: str, pragmas: tuple[str, ...], size: int) -> AsyncEngine:
    engine = create_async_engine(
        f"sqlite+aiosqlite:///file:{quote(str(path.resolve()))}?mode={mode}&uri=true",
        pool_size=size,
        max_overflow=0,
        pool_timeout=60,
        hide_parameters=True,
    )

    @event.listens_for(engine.sync_engine, "connect")
    def prepare(connection: Any, _record: Any) -> None:  # noqa: ANN401 - the driver's own type
        # The driver must not open transactions by itself: a BEGIN it adds late would let reads of one
        # transaction see different states.
        connection.isolation_level = None
        cursor = connection.cursor()
        for pragma in pragmas:
            cursor.execute(pragma)
        cursor.close()

    return engine
