"""One region's database in PostgreSQL: ports.Store."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from ledger.errors import FatalError, UnavailableError
from ledger.store.database import DatabaseStore
from ledger.store.faults import FAULTS, named
from ledger.store.leading import check_leader, leader_row, take_lead
from ledger.store.migrating import check_version, migrate
from ledger.store.postgres_engine import (
    WRITER,
    PostgresAddress,
    preparing_engine,
    reading_engines,
    writing_engine,
)
from ledger.store.postgres_server import SAFETY, check_safe, check_server, identity_of
from ledger.store.reads import Reads
from ledger.store.writer import Writer

_READERS = 4
_STARTING = 0x6A6A6A
_WAIT = "5s"
_LOCK_NOT_AVAILABLE = "55P03"
_EXAMINED = "the server behind this connection was examined"


class PostgresStore(DatabaseStore):
    """A store in one database of a PostgreSQL server; make it with ``open``."""

    def __init__(
        self, facts: _Facts, writer: Writer, readers: AsyncEngine, snapshots: AsyncEngine
    ) -> None:
        super().__init__(writer, readers, snapshots)
        self._identity = facts.identity
        self.version = f"PostgreSQL {facts.version}"

    @classmethod
    async def open(
        cls, address: PostgresAddress, readers: int = _READERS, *, mark: bytes = bytes(8)
    ) -> PostgresStore:
        """Take the lead of the database, creating its tables if there are none.

        ``mark`` is random and tells this leader from one of another copy of the database.

        Raises:
            FatalError: store_failed if it cannot be reached or opened; store_unsafe if the server could
                lose what it acknowledged; schema_unknown if another version of the ledger made it.
        """
        engine = preparing_engine(address)
        try:
            facts = await _prepare(engine, mark)
        except UnavailableError as error:
            raise FatalError("store_failed", error.detail) from error
        except FAULTS as error:
            raise FatalError("store_failed", f"cannot open PostgreSQL: {named(error)}") from error
        finally:
            await engine.dispose()
        writer = Writer(writing_engine(address), _Gate(facts))
        return cls(facts, writer, *reading_engines(address, readers))

    async def identity(self) -> str | None:
        """System identifier, timeline and database, as they were when it was opened."""
        return self._identity


async def read_postgres(address: PostgresAddress, readers: int = 1) -> Reads:
    """The reads of a database, for an audit or a backup beside the node that writes it or without one.

    Raises:
        FatalError: store_failed if it cannot be reached; schema_unknown.
    """
    single, together = reading_engines(address, readers)
    try:
        async with single.connect() as connection:
            await connection.run_sync(check_version)
    except UnavailableError as error:
        raise FatalError("store_failed", error.detail) from error
    except FAULTS as error:
        await single.dispose()
        raise FatalError("store_failed", f"cannot read PostgreSQL: {named(error)}") from error
    except BaseException:
        await single.dispose()
        raise
    return Reads(single, together)


@dataclass(frozen=True)
class _Facts:
    """What a leader found when it took the lead."""

    identity: str
    version: str
    token: str


class _Gate:
    """The leader's token, the settings a commit depends on, and whether it is still the same server."""

    def __init__(self, facts: _Facts) -> None:
        self._facts = facts

    async def enter(self, connection: AsyncConnection) -> None:
        if _EXAMINED not in connection.info:
            await self._examine(connection)
            connection.info[_EXAMINED] = True
        # A configuration can be reloaded at any time, so each transaction looks again: in the same query,
        # which costs nothing beside the way to the server.
        row: Any = (await connection.execute(leader_row(*SAFETY))).one_or_none()
        check_leader(None if row is None else row.value, self._facts.token)
        check_safe(row)

    async def leave(self, connection: AsyncConnection) -> None:
        raw = await connection.get_raw_connection()
        if raw.driver_connection is None or raw.driver_connection.is_closed():
            # Nothing was sent yet, so nothing can have been committed.
            raise UnavailableError("store_unavailable", "the connection was lost before the commit")

    async def _examine(self, connection: AsyncConnection) -> None:
        """A new connection may lead elsewhere: an address can be moved to a server that holds less."""
        await check_server(connection)
        found = await identity_of(connection)
        if found != self._facts.identity:
            raise FatalError(
                "store_moved", f"the database is {found} now, it was {self._facts.identity}"
            )


async def _prepare(engine: AsyncEngine, mark: bytes) -> _Facts:
    try:
        return await _take(engine, mark)
    except DBAPIError as error:
        if getattr(error.orig, "sqlstate", None) != _LOCK_NOT_AVAILABLE:
            raise
    # Another leader's transaction does not end: its process may be stopped. Its session ends here, and with
    # it everything that was not committed.
    await _end_other_writers(engine)
    return await _take(engine, mark)


async def _take(engine: AsyncEngine, mark: bytes) -> _Facts:
    async with engine.begin() as connection:
        await check_server(connection)
        await connection.execute(text(f"SET LOCAL lock_timeout = '{_WAIT}'"))
        # Two that start at once go one after the other.
        await connection.execute(select(func.pg_advisory_xact_lock(_STARTING)))
        await connection.run_sync(migrate)
        token = await take_lead(connection, mark)
        version = await connection.scalar(text("SHOW server_version"))
        return _Facts(await identity_of(connection), str(version), token)


async def _end_other_writers(engine: AsyncEngine) -> None:
    async with engine.begin() as connection:
        await connection.execute(
            text(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE"
                " datname = current_database() AND usename = current_user"
                " AND application_name = :name AND pid <> pg_backend_pid()"
            ),
            {"name": WRITER},
        )
