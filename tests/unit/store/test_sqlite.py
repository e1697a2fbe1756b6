"""What holds for a store in a file alone: its pragmas, its lock, its damage."""

import asyncio
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy.dialects.sqlite import dialect
from sqlalchemy.exc import OperationalError

from ledger.errors import FatalError, UnavailableError
from ledger.ports import Identifier
from ledger.store import SqliteStore, schema
from ledger.store.appending import _holding
from ledger.store.lookups import _newest_versions
from ledger.store.sqlite import read_sqlite
from tests.unit.store.made_up import BEIJING, digest, put, statement, step

SHARED = Identifier("container", "SHARED")


@pytest.fixture
def with_file(tmp_path: Path) -> Callable:
    """Run an async test against a fresh store in a file."""

    def run(test: Callable) -> None:
        async def whole() -> None:
            store = await SqliteStore.open(tmp_path / "ledger.db")
            try:
                await test(store)
            finally:
                await store.close()

        asyncio.run(whole())

    return run


def test_every_connection_is_durable_and_readers_cannot_write(with_file):
    async def test(store):
        async with store._writer._engine.connect() as connection:
            assert (await connection.exec_driver_sql("PRAGMA synchronous")).scalar() == 2
        await store._writer._engine.dispose()
        async with store._writer._engine.connect() as connection:
            for pragma, value in (("synchronous", 2), ("foreign_keys", 1), ("busy_timeout", 5000)):
                read = (await connection.exec_driver_sql(f"PRAGMA {pragma}")).scalar()
                assert (pragma, read) == (pragma, value)
        async with store._readers.connect() as connection:
            assert (await connection.exec_driver_sql("PRAGMA wal_autocheckpoint")).scalar() == 0
            with pytest.raises(OperationalError, match="readonly"):
                await connection.exec_driver_sql("DELETE FROM meta")

    with_file(test)


def test_what_is_no_database_is_refused(tmp_path: Path):
    (tmp_path / "ledger.db").write_bytes(b"not a database" * 100)
    with pytest.raises(FatalError, match="store_failed"):
        asyncio.run(SqliteStore.open(tmp_path / "ledger.db"))


def test_groups_are_looked_up_by_index(with_file):
    """SQLite searches no index by a list of row values: each group would read a whole table."""
    versions, jtis = schema.record_version, schema.author_jti
    queries = [
        _newest_versions("beijing", [statement("a").record] * 3),
        _holding(list(versions.primary_key.columns), [("beijing", "k", "d", "i", 1)] * 3),
        _holding(list(jtis.primary_key.columns), [("beijing", "j", "a")] * 3),
    ]

    async def test(store):
        for query in queries:
            text = str(query.compile(dialect=dialect(), compile_kwargs={"literal_binds": True}))
            async with store._readers.connect() as connection:
                rows = await connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {text}")
                plan = [row[3] for row in rows if "PRIMARY KEY" in row[3]]
            assert plan
            assert all("region=? AND " in line for line in plan), plan

    with_file(test)


def test_a_fault_is_told_without_what_stands_in_the_row(tmp_path):
    """The driver quotes text that is not UTF-8, which may be a value nobody else may see."""
    path = tmp_path / "ledger.db"

    async def test():
        store = await SqliteStore.open(path)
        await put(store, step(BEIJING, 0, [statement("a", disclosures=("CANARY",))]))
        async with store.transaction() as transaction:
            await transaction._connection.exec_driver_sql(
                "UPDATE statement SET disclosures = CAST(x'43414e415259ff' AS TEXT)"
            )
        try:
            with pytest.raises(UnavailableError) as reading:
                await store.statement(digest("a"))
            with pytest.raises(UnavailableError) as writing:
                async with store.transaction() as transaction:
                    await transaction.find_ids("beijing", [digest("a")])
            for caught in (reading, writing):
                assert caught.value.code == "store_unavailable"
                assert "CANARY" not in caught.value.detail
        finally:
            await store.close()

    asyncio.run(test())


READS = {
    "origins": lambda store: store.origins(),
    "size": lambda store: store.size(BEIJING),
    "leaves": lambda store: store.leaves(BEIJING, 0, 9),
    "found": lambda store: store.found(BEIJING, 0, 9),
    "tile": lambda store: store.tile(BEIJING, 0, 0),
    "tile_roots": lambda store: store.tile_roots(BEIJING, 0, 0, 9),
    "known": lambda store: store.known([digest("a")]),
    "search": lambda store: store.search(SHARED, None, 9),
    "anchors": lambda store: store.anchors(BEIJING, 0, 9),
    "outbox": lambda store: store.outbox(b""),
    "meta": lambda store: store.get_meta("x"),
    "evidence": lambda store: store.evidence(),
}


@pytest.mark.parametrize("name", READS)
def test_a_file_that_is_spoilt_beneath_the_store_is_unavailable_not_a_surprise(tmp_path, name):
    path = tmp_path / "ledger.db"

    async def test():
        store = await SqliteStore.open(path)
        await put(store, step(BEIJING, 0, [statement("a")]))
        await store.close()
        # The header stays: what opens is a database, and every page of it is nonsense.
        store = await SqliteStore.open(path)
        data = path.read_bytes()
        path.write_bytes(data[:100] + bytes(byte ^ 0x55 for byte in data[100:]))
        try:
            with pytest.raises(UnavailableError, match="store_unavailable"):
                await READS[name](store)
        finally:
            await store.close()

    asyncio.run(test())


def test_two_processes_cannot_write_one_file(tmp_path: Path):
    path = tmp_path / "ledger.db"
    code = (
        "import asyncio, pathlib, sys; from ledger.store import SqliteStore as S; "
        "asyncio.run(S.open(pathlib.Path(sys.argv[1])))"
    )

    async def test():
        store = await SqliteStore.open(path)
        try:
            with pytest.raises(FatalError, match="store_held"):
                await SqliteStore.open(path)
            other = await asyncio.to_thread(
                subprocess.run,
                [sys.executable, "-c", code, str(path)],
                capture_output=True,
                text=True,
            )
            assert "store_held" in other.stderr
            await store.put_meta("still", "mine")
        finally:
            await store.close()
        await (await SqliteStore.open(path)).close()

    asyncio.run(test())


def test_who_only_reads_moves_nothing_into_the_file(tmp_path: Path):
    """The log stays beside it: two connections that checkpoint at once lose what was committed."""
    path = tmp_path / "ledger.db"
    beside = path.with_name("ledger.db-wal")

    async def test():
        store = await SqliteStore.open(path)
        await put(store, step(BEIJING, 0, [statement("a")]))
        before = (path.read_bytes(), beside.read_bytes())
        reads = await read_sqlite(path)
        assert await reads.size(BEIJING) == 1
        async with reads._readers.connect() as connection:
            assert (await connection.exec_driver_sql("PRAGMA wal_autocheckpoint")).scalar() == 0
            with pytest.raises(OperationalError, match="readonly"):
                await connection.exec_driver_sql("DELETE FROM meta")
        await reads.close()
        assert (path.read_bytes(), beside.read_bytes()) == before
        await store.close()

    asyncio.run(test())


def test_a_reader_refuses_what_it_does_not_know(tmp_path: Path):
    path = tmp_path / "ledger.db"

    async def test():
        with pytest.raises(FatalError, match="store_failed"):
            await read_sqlite(path)
        with sqlite3.connect(path) as other:
            other.execute("CREATE TABLE other (x)")
        other.close()
        with pytest.raises(FatalError, match="schema_unknown"):
            await read_sqlite(path)
        with pytest.raises(FatalError, match="schema_unknown"):
            await SqliteStore.open(path)

    asyncio.run(test())
