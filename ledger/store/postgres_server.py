"""Whether a PostgreSQL server keeps what it acknowledges, and which server it is."""

from __future__ import annotations

from typing import Any

from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from ledger.errors import FatalError

_SETTINGS = ("fsync", "full_page_writes", "synchronous_commit")
SAFETY = tuple(func.current_setting(name).label(name) for name in _SETTINGS)
"""Columns with the settings without which a commit may be lost."""

# The system identifier names the cluster and its copies, the timeline the one history among theirs that this
# server writes. The control file learns of a new timeline late, the name of the next log file at once.
_IDENTITY = text(
    "SELECT format('postgresql %s timeline %s database %s',"
    " (SELECT system_identifier FROM pg_control_system()),"
    " ('x' || substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8))::bit(32)::int,"
    " (SELECT oid FROM pg_database WHERE datname = current_database()))"
)


async def check_server(connection: AsyncConnection) -> None:
    """Refuse to lead on a server that may lose what it acknowledged, or keeps text in another form.

    Raises:
        FatalError: store_unsafe, saying why.
    """
    recovering = func.pg_is_in_recovery().label("recovering")
    encoding = func.current_setting("server_encoding").label("encoding")
    row = (await connection.execute(select(*SAFETY, recovering, encoding))).one()
    if row.recovering:
        raise FatalError("store_unsafe", "the server is in recovery: it follows another one")
    if row.encoding != "UTF8":
        raise FatalError("store_unsafe", f"server_encoding is {row.encoding}, not UTF8")
    check_safe(row)


def check_safe(row: Any) -> None:  # noqa: ANN401 - a row of some columns more
    """Look at the columns of SAFETY; raises as ``check_server``."""
    for name in _SETTINGS:
        if getattr(row, name) == "off":
            raise FatalError("store_unsafe", f"{name} is off: a crash could undo what was answered")


async def identity_of(connection: AsyncConnection) -> str:
    """System identifier, timeline and database; of a server that is not in recovery."""
    return str(await connection.scalar(_IDENTITY))
