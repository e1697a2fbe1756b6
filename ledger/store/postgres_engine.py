"""Connections to one PostgreSQL database: one that writes, others that only read.

The password is never part of an address: asyncpg takes it from a file of ours or finds it in PGPASSFILE. Each
setting of a session is given as it starts, so that no connection of the pool ever lacks it.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from ledger.errors import FatalError, UnavailableError

WRITER = "jjj-ledger writer"
"""Name of the writing session, as ``pg_stat_activity`` shows it."""
_READER = "jjj-ledger reader"

_CONNECT_SECONDS = 10.0
_QUERY_SECONDS = 60.0
_SESSION = {
    # A stopped process must not hold its locks, or old rows, for ever.
    "idle_in_transaction_session_timeout": "60s",
    # Compiling a query takes longer than any of ours does.
    "jit": "off",
}


@dataclass(frozen=True)
class PostgresAddress:
    """Where the database is.

    Attributes:
        url: ``postgresql://user@host:port/name?sslmode=verify-full``, without a password.
        password_file: a file of mode 0600 whose first line is the password, read at each connection; None
            leaves it to PGPASSFILE or to the server's own ways (peer, certificate).
    """

    url: str
    password_file: Path | None = None


def preparing_engine(address: PostgresAddress) -> AsyncEngine:
    """The engine of the connection that migrates, which may take its time."""
    return _engine(address, WRITER, {}, size=1, seconds=None)


def writing_engine(address: PostgresAddress) -> AsyncEngine:
    """The engine of the one writing connection."""
    return _engine(address, WRITER, {}, size=1, seconds=_QUERY_SECONDS)


def reading_engines(address: PostgresAddress, size: int) -> tuple[AsyncEngine, AsyncEngine]:
    """Engines of the reading connections, ``size`` in all: for single queries, and for several together."""
    only = {"default_transaction_read_only": "on"}
    pool = _engine(address, _READER, only, size=size, seconds=_QUERY_SECONDS)
    single = pool.execution_options(isolation_level="AUTOCOMMIT")
    together = pool.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
    return single, together


def _engine(
    address: PostgresAddress,
    name: str,
    more: Mapping[str, str],
    size: int,
    seconds: float | None,
) -> AsyncEngine:
    settings = {**_SESSION, **more, "application_name": name}

    async def connect() -> Any:  # noqa: ANN401 - the driver's own type
        return await _connect(address, settings, seconds)

    return create_async_engine(
        "postgresql+asyncpg://",
        async_creator=connect,
        isolation_level="READ COMMITTED",
        pool_size=size,
        max_overflow=0,
        pool_timeout=60,
        hide_parameters=True,
    )


async def _connect(
    address: PostgresAddress, settings: dict[str, str], seconds: float | None
) -> Any:  # noqa: ANN401
    try:
        # Here, so that a node on SQLite runs without the extra.
        import asyncpg
    except ImportError as error:
        raise FatalError(
            "store_failed", "PostgreSQL needs the extra: pip install 'jjj-ledger[postgres]'"
        ) from error
    password = None if address.password_file is None else _password(address.password_file)
    try:
        return await asyncpg.connect(
            address.url,
            password=password,
            timeout=_CONNECT_SECONDS,
            command_timeout=seconds,
            server_settings=settings,
        )
    except (OSError, ValueError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        # By its name alone: what the driver writes may quote the address.
        raise UnavailableError(
            "store_unavailable", f"no connection to PostgreSQL: {type(error).__name__}"
        ) from None


def _password(path: Path) -> str:
    try:
        with path.open(encoding="utf-8") as file:
            if stat.S_IMODE(os.fstat(file.fileno()).st_mode) & 0o077:
                raise UnavailableError("store_unavailable", f"{path.name} must have mode 0600")
            return file.readline().strip()
    except (OSError, ValueError) as error:
        raise UnavailableError(
            "store_unavailable", f"{path.name} cannot be read: {type(error).__name__}"
        ) from None
