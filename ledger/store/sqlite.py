"""One region's database in a SQLite file: ports.Store."""

from __future__ import annotations

import fcntl
import shutil
import sqlite3
from pathlib import Path
from typing import IO, Final

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from ledger.errors import FatalError, UnavailableError
from ledger.store.database import DatabaseStore
from ledger.store.faults import FAULTS, named
from ledger.store.leading import check_leader, leader_row, take_lead
from ledger.store.migrating import check_version, migrate
from ledger.store.reads import Reads
from ledger.store.sqlite_engine import reader_engines, writer_engine
from ledger.store.writer import Writer

ROOM: Final = 16 << 20
"""Bytes that have to be free before anything is written: more than the largest usual commit takes."""
_READERS = 4


class SqliteStore(DatabaseStore):
    """A store in one file; make it with ``open``."""

    version = f"SQLite {sqlite3.sqlite_version}"

    def __init__(
        self, held: IO[str], writer: Writer, readers: AsyncEngine, snapshots: AsyncEngine
    ) -> None:
        super().__init__(writer, readers, snapshots)
        self._held = held

    @classmethod
    async def open(
        cls, path: Path, readers: int = _READERS, *, mark: bytes = bytes(8)
    ) -> SqliteStore:
        """Take the file for this process and its lead, creating it and its tables if there are none.

        ``mark`` is random and tells this leader from one of another copy of the file.

        Raises:
            FatalError: store_held if another process writes it; store_failed if it cannot be opened;
                store_unsafe if the file system does not give what durability needs; schema_unknown if
                another version of the ledger made it.
        """
        held = _hold(path)
        writer = writer_engine(path)
        try:
            async with writer.begin() as connection:
                await _check_durable(connection)
                await connection.run_sync(migrate)
                token = await take_lead(connection, mark)
        except FAULTS as error:
            await writer.dispose()
            held.close()
            raise FatalError("store_failed", f"cannot open {path.name}: {named(error)}") from error
        except BaseException:
            await writer.dispose()
            held.close()
            raise
        return cls(held, Writer(writer, _Gate(token, path.parent)), *reader_engines(path, readers))

    async def close(self) -> None:
        """Release the file."""
        await super().close()
        self._held.close()


async def read_sqlite(path: Path, readers: int = 1) -> Reads:
    """The reads of a file, for an audit or a backup beside the node that writes it or without one.

    Raises:
        FatalError: store_failed if it cannot be opened; schema_unknown.
    """
    single, together = reader_engines(path, readers)
    try:
        async with single.connect() as connection:
            await connection.run_sync(check_version)
    except FAULTS as error:
        await single.dispose()
        raise FatalError("store_failed", f"cannot read {path.name}: {named(error)}") from error
    except BaseException:
        await single.dispose()
        raise
    return Reads(single, together)


class _Gate:
    """The leader's token and room on the disk; there is no session to be lost and no setting to change."""

    def __init__(self, token: str, folder: Path) -> None:
        self._token = token
        self._folder = folder

    async def enter(self, connection: AsyncConnection) -> None:
        check_leader(await connection.scalar(leader_row()), self._token)
        # SQLite writes its journal as it commits: a disk that is full only then would end the process, and
        # with it the reading.
        if (free := shutil.disk_usage(self._folder).free) < ROOM:
            raise UnavailableError("store_unavailable", f"the disk is full: {free} bytes are free")

    async def leave(self, connection: AsyncConnection) -> None:  # noqa: ARG002 - one shape for both
        return None


def _hold(path: Path) -> IO[str]:
    """Lock the file's name, not the file: closing a second handle on it would drop SQLite's own locks."""
    try:
        held = path.with_name(f"{path.name}.lock").open("a", encoding="ascii")
    except OSError as error:
        raise FatalError("store_failed", f"cannot lock {path.name}: {error.strerror}") from error
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        held.close()
        raise FatalError("store_held", f"another process writes {path.name}") from error
    return held


async def _check_durable(connection: AsyncConnection) -> None:
    journal = (await connection.exec_driver_sql("PRAGMA journal_mode")).scalar()
    synchronous = (await connection.exec_driver_sql("PRAGMA synchronous")).scalar()
    if journal != "wal" or synchronous != 2:
        raise FatalError(
            "store_unsafe", f"journal is {journal!r} and synchronous {synchronous}, not wal and 2"
        )
