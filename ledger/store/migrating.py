"""Bringing a database's tables to the version that this code knows: forward only, in one transaction.

The version stands in the database itself, in ``meta``; alembic brings the revisions, their order and their
operations.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, inspect, select

from ledger.errors import FatalError
from ledger.store import schema
from ledger.store.dialect import insert_into

if TYPE_CHECKING:
    from alembic.script import ScriptDirectory

_REVISIONS = Path(__file__).parent / "migrations"
_NAME = "schema_version"


def migrate(
    connection: Connection, newest: str = schema.SCHEMA_VERSION, revisions: Path = _REVISIONS
) -> None:
    """Run the revisions that the database lacks up to ``newest``, inside the open transaction.

    Raises:
        FatalError: schema_unknown, if it holds tables of a version that is not among them.
    """
    tables = inspect(connection).get_table_names()
    version = _version(connection) if schema.meta.name in tables else None
    if tables and version is None:
        raise FatalError("schema_unknown", "the database holds tables of something else")
    if version == newest:
        return
    _upgrade(connection, version, newest, revisions)
    statement = insert_into(connection.dialect, schema.meta).values(name=_NAME, value=newest)
    connection.execute(
        statement.on_conflict_do_update(index_elements=["name"], set_={"value": newest})
    )


def check_version(connection: Connection) -> None:
    """Refuse a database that this code cannot read; for those who may not migrate it.

    Raises:
        FatalError: schema_unknown.
    """
    known = schema.meta.name in inspect(connection).get_table_names()
    version = _version(connection) if known else None
    if version != schema.SCHEMA_VERSION:
        raise FatalError(
            "schema_unknown", f"schema version {version!r}, not {schema.SCHEMA_VERSION!r}"
        )


def _version(connection: Connection) -> str | None:
    version: str | None = connection.scalar(
        select(schema.meta.c.value).where(schema.meta.c.name == _NAME)
    )
    return version


def _upgrade(connection: Connection, version: str | None, newest: str, revisions: Path) -> None:
    # Imported here, since most starts find nothing to do and a reader never does.
    from alembic.migration import MigrationContext
    from alembic.operations import Operations

    script = _script(revisions)
    known = {one.revision for one in script.walk_revisions()}
    if version is not None and version not in known:
        raise FatalError("schema_unknown", f"schema version {version!r} is not known here")
    with Operations.context(MigrationContext.configure(connection)):
        for one in reversed(list(script.iterate_revisions(newest, version or "base"))):
            one.module.upgrade()


@cache
def _script(revisions: Path) -> ScriptDirectory:
    from alembic.script import ScriptDirectory

    return ScriptDirectory(str(revisions), version_locations=[str(revisions)])
