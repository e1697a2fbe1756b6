"""Migrations: they make the tables that the code knows, go forward only, and whole or not at all."""

import asyncio
import sqlite3
from pathlib import Path

import pytest
from alembic.script import ScriptDirectory
from sqlalchemy import MetaData, inspect

from ledger.errors import FatalError
from ledger.ports import Identifier
from ledger.store import SqliteStore, schema
from ledger.store import migrating as module
from ledger.store.migrating import migrate
from ledger.values import AnchorFacts, Millis, TreeHead
from tests.unit.store.made_up import BEIJING, digest, put, statement, step

REVISIONS = Path(module.__file__).parent / "migrations"
LATER = """
import sqlalchemy as sa
from alembic import op

revision, down_revision = "later", "{before}"


def upgrade():
    op.add_column("log", sa.Column("colour", sa.Text))
    {more}
"""


def tables(connection) -> dict:
    """Everything an inspector tells of every table."""
    found = inspect(connection)
    return {
        name: {
            "columns": [
                column | {"type": repr(column["type"]), "collation": collation(column)}
                for column in found.get_columns(name)
            ],
            "key": found.get_pk_constraint(name),
            "foreign": sorted(found.get_foreign_keys(name), key=str),
            "unique": sorted(found.get_unique_constraints(name), key=str),
            "indexes": sorted(found.get_indexes(name), key=str),
            "options": found.get_table_options(name),
        }
        for name in found.get_table_names()
    }


def collation(column) -> str | None:
    return getattr(column["type"], "collation", None)


def drop(connection) -> None:
    metadata = MetaData()
    metadata.reflect(connection)
    metadata.drop_all(connection)


def with_engine(database, test) -> None:
    async def whole():
        engine = database.engine()
        try:
            await test(engine)
        finally:
            await engine.dispose()

    asyncio.run(whole())


def later(folder: Path, more: str = "") -> Path:
    """The revisions and one more, that adds a column and then does ``more``."""
    for path in REVISIONS.glob("v*.py"):
        (folder / path.name).write_text(path.read_text(encoding="utf-8"), encoding="utf-8")
    text = LATER.format(before=schema.SCHEMA_VERSION, more=more)
    (folder / "later.py").write_text(text, encoding="utf-8")
    return folder


def test_migrations_make_the_tables_of_the_schema(database):
    async def test(engine):
        async with engine.begin() as connection:
            await connection.run_sync(migrate)
            made = await connection.run_sync(tables)
            await connection.run_sync(drop)
            assert await connection.run_sync(tables) == {}
            await connection.run_sync(schema.metadata.create_all)
            assert made == await connection.run_sync(tables)
            assert len(made) == len(schema.metadata.tables)

    with_engine(database, test)


def test_every_text_is_compared_by_its_bytes(database):
    """The test server sorts by a language, as most do; pages and indexes must not depend on it."""

    async def test(engine):
        async with engine.begin() as connection:
            await connection.run_sync(migrate)
            found = await connection.run_sync(tables)
        texts = [
            column["collation"]
            for table in found.values()
            for column in table["columns"]
            if column["type"].startswith("TEXT")
        ]
        assert len(texts) > 20
        assert set(texts) == {"C" if database.kind == "postgres" else None}

    with_engine(database, test)


def test_the_schema_knows_the_newest_revision():
    script = ScriptDirectory(str(REVISIONS), version_locations=[str(REVISIONS)])
    assert script.get_heads() == [schema.SCHEMA_VERSION]
    assert script.get_bases() == ["1"]


def test_a_file_of_version_1_is_opened_with_all_it_holds(tmp_path):
    path = tmp_path / "ledger.db"
    text = Path(__file__).with_name("version_1.sql").read_text(encoding="utf-8")
    with sqlite3.connect(path) as made:
        made.executescript(text)
        before = {
            name: made.execute(f"SELECT * FROM {name}").fetchall()
            for (name,) in made.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
        }
    made.close()
    assert ("schema_version", "1") in before["meta"]

    async def test():
        store = await SqliteStore.open(path)
        try:
            rows = [statement("a"), statement("b", event_time=None)]
            assert [one.statement for one in await store.found(BEIJING, 0, 9)] == rows
            head = TreeHead(2, digest("2"))
            facts = AnchorFacts(BEIJING.log_id, head, 7, digest("b"), digest("t"), 3, Millis(9))
            anchor = await store.newest_anchor(BEIJING)
            assert (anchor.facts, anchor.cosignatures) == (facts, {"w1": "l1"})
            assert [one.nonce for one in await store.outbox(b"\x01" * 20)] == [5]
            assert await store.evidence() == [("fork", "beijing", "x", 4)]
            assert len(await store.search(Identifier("bill", "B-a"), None, 5)) == 1
            assert await store.get_meta("schema_version") == schema.SCHEMA_VERSION
            await put(store, step(BEIJING, 2, [statement("c")]))
        finally:
            await store.close()
        with sqlite3.connect(path) as now:
            for name, held in before.items():
                rows = set(now.execute(f"SELECT * FROM {name}").fetchall())
                assert set(held) - rows <= {("schema_version", "1")}, name
        now.close()

    asyncio.run(test())


def test_a_later_revision_is_run_once(database, tmp_path):
    folder = later(tmp_path)

    def columns(connection):
        return [column["name"] for column in inspect(connection).get_columns("log")]

    async def test(engine):
        async with engine.begin() as connection:
            await connection.run_sync(migrate)
            assert "colour" not in await connection.run_sync(columns)
        for _ in range(2):
            async with engine.begin() as connection:
                await connection.run_sync(migrate, "later", folder)
                assert "colour" in await connection.run_sync(columns)
        # And what it leaves is unknown to the code of today, which must not write to it.
        async with engine.begin() as connection:
            with pytest.raises(FatalError, match="schema_unknown"):
                await connection.run_sync(migrate)

    with_engine(database, test)


def test_a_revision_that_fails_leaves_the_database_as_it_was(database, tmp_path):
    folder = later(tmp_path, "raise ZeroDivisionError")

    async def test(engine):
        async with engine.begin() as connection:
            await connection.run_sync(migrate)
            before = await connection.run_sync(tables)
        with pytest.raises(ZeroDivisionError):
            async with engine.begin() as connection:
                await connection.run_sync(migrate, "later", folder)
        async with engine.begin() as connection:
            assert await connection.run_sync(tables) == before
            await connection.run_sync(migrate)

    with_engine(database, test)


def test_tables_of_something_else_are_left_alone(database):
    async def test(engine):
        async with engine.begin() as connection:
            await connection.exec_driver_sql("CREATE TABLE other (x integer)")
        with pytest.raises(FatalError, match="schema_unknown"):
            await database.open()
        async with engine.begin() as connection:
            assert list(await connection.run_sync(tables)) == ["other"]

    with_engine(database, test)


def test_another_schema_version_is_refused(database):
    async def test():
        store = await database.open()
        await store.put_meta("schema_version", "99")
        await store.close()
        with pytest.raises(FatalError, match="schema_unknown"):
            await database.open()

    asyncio.run(test())
