"""Sealed disclosures beside mirrored statements."""

import asyncio
import sqlite3
from dataclasses import replace

from ledger.store import SqliteStore
from ledger.values import Origin, Sealed
from tests.unit.store.made_up import BEIJING, digest, put, statement, step

HEBEI = Origin("demo-1a2b3c4d", "hebei", 1)
ROWS = [statement(name) for name in "abc"]


def sealed(name: str, seq: int = 0) -> Sealed:
    return Sealed(digest(f"enc {name}"), seq, f"ciphertext {name}".encode(), digest(name) * 2)


async def keep(store, origin, kept) -> None:
    async with store.transaction() as transaction:
        await transaction.put_sealed(origin, kept)


def test_what_is_kept_first_stays_and_each_log_has_its_own(with_store):
    async def test(store):
        again = replace(step(BEIJING.next_epoch(), 0, ROWS[:1]), statements=())
        await put(store, step(BEIJING, 0, ROWS), again)
        first = {ROWS[0].id: sealed("a"), ROWS[1].id: sealed("b", 7)}
        await keep(store, BEIJING, first)
        await keep(store, BEIJING, {ROWS[0].id: sealed("again"), ROWS[2].id: sealed("c")})
        ids = [row.id for row in ROWS]
        assert await store.sealed(BEIJING, ids) == first | {ROWS[2].id: sealed("c")}
        assert await store.sealed(BEIJING, ids[1:2]) == {ids[1]: sealed("b", 7)}
        assert await store.sealed(BEIJING, []) == {}
        assert await store.sealed(BEIJING.next_epoch(), ids) == {}
        await keep(store, BEIJING.next_epoch(), {ids[0]: sealed("next")})
        assert await store.sealed(BEIJING.next_epoch(), ids) == {ids[0]: sealed("next")}

    with_store(test)


def test_it_is_kept_with_the_leaves_or_not_at_all(with_store):
    async def test(store):
        try:
            async with store.transaction() as transaction:
                await transaction.append(step(BEIJING, 0, ROWS))
                await transaction.put_sealed(BEIJING, {ROWS[0].id: sealed("a")})
                raise ZeroDivisionError
        except ZeroDivisionError:
            pass
        await put(store, step(BEIJING, 0, ROWS))
        assert await store.sealed(BEIJING, [ROWS[0].id]) == {}

    with_store(test)


def test_nothing_is_kept_of_a_statement_that_is_not_stored(with_store):
    async def test(store):
        await put(store, step(BEIJING, 0, ROWS[:1]))
        await keep(store, BEIJING, {ROWS[1].id: sealed("b")})
        await keep(store, BEIJING, {})
        assert await store.sealed(BEIJING, [ROWS[1].id]) == {}

    with_store(test)


def test_a_file_made_before_the_table_was_there_gets_it(tmp_path):
    async def test():
        path = tmp_path / "old.db"
        store = await SqliteStore.open(path)
        await put(store, step(BEIJING, 0, ROWS))
        await store.close()
        with sqlite3.connect(path) as old:
            old.execute("DROP TABLE sealed")
            old.execute("UPDATE meta SET value = '1' WHERE name = 'schema_version'")
        old.close()
        store = await SqliteStore.open(path)
        try:
            await keep(store, BEIJING, {ROWS[0].id: sealed("a")})
            assert await store.size(BEIJING) == 3
        finally:
            await store.close()

    asyncio.run(test())
