"""What one append writes, what it refuses, and what is left after an error."""

import asyncio
import contextlib
import json
import sqlite3

import pytest
from sqlalchemy.exc import OperationalError

from ledger.errors import ConflictError, FatalError, UnavailableError
from ledger.ports import Identifier, TileRow
from ledger.store import lookups, schema
from ledger.store.leading import take_lead
from ledger.values import Millis, Origin
from tests.unit.store.made_up import BEIJING, digest, put, statement, step

TIANJIN = Origin("demo-1a2b3c4d", "tianjin", 1)


def test_what_was_appended_is_read_back_whole(with_store):
    rows = [statement("a"), statement("b", event_time=None, disclosures=(), identifiers=())]
    tile = TileRow(BEIJING, 0, 0, digest("root"), bytes(8192))

    async def test(store):
        await put(store, step(BEIJING, 0, rows, tiles=[tile]))
        found = await store.found(BEIJING, 0, 10)
        assert [one.statement for one in found] == rows
        assert [one.leaf for one in found] == list(step(BEIJING, 0, rows).leaves)
        assert await store.leaves(BEIJING, 1, 5) == [found[1].leaf]
        assert await store.leaf(BEIJING, 0) == found[0].leaf
        assert await store.leaf(BEIJING, 2) is None
        assert await store.size(BEIJING) == 2
        assert await store.size(TIANJIN) == 0
        assert await store.origins() == [BEIJING]
        assert await store.tile(BEIJING, 0, 0) == bytes(8192)
        assert await store.tile(BEIJING, 0, 1) is None
        assert await store.tile_roots(BEIJING, 0, 0, 5) == [digest("root")]
        assert await store.known([rows[0].id, digest("none")]) == {rows[0].id}

    with_store(test)


def test_append_elsewhere_than_at_the_end_is_fatal(with_store):
    async def test(store):
        await put(store, step(BEIJING, 0, [statement("a")]))
        for start in (0, 2):
            with pytest.raises(FatalError, match="log_moved"):
                await put(store, step(BEIJING, start, [statement("b")]))
        assert await store.size(BEIJING) == 1

    with_store(test)


@pytest.mark.parametrize(
    "changes",
    [{"record": statement("a").record}, {"jti": "jti-a"}],
    ids=["same record and version", "same author and jti"],
)
def test_a_clash_is_refused_in_the_own_log_and_leaves_nothing(with_store, changes):
    async def test(store):
        await put(store, step(BEIJING, 0, [statement("a")]))
        with pytest.raises(ConflictError, match="statement_conflict"):
            await put(store, step(BEIJING, 1, [statement("fine"), statement("b", **changes)]))
        assert await store.size(BEIJING) == 1
        assert await store.known([digest("fine"), digest("b")]) == set()

    with_store(test)


@pytest.mark.parametrize(
    ("changes", "same"),
    [({"record": statement("a").record}, "record_version"), ({"jti": "jti-a"}, "author_jti")],
)
def test_a_clash_in_a_mirrored_log_is_kept_as_evidence(with_store, changes, same):
    async def test(store):
        first, second = statement("a"), statement("b", **changes)
        await put(
            store,
            step(BEIJING, 0, [first], mirrored=True),
            step(BEIJING, 1, [second], mirrored=True),
        )
        assert await store.size(BEIJING) == 2
        [(kind, subject, body, at)] = await store.evidence()
        assert (kind, subject, at) == ("record_clash", second.id.hex(), 1000)
        assert json.loads(body) == {
            "held": first.id.hex(),
            "index": 1,
            "origin": str(BEIJING),
            "same": same,
        }
        assert (await store.versions("beijing", first.record))[0].statement == first

    with_store(test)


def test_clashes_inside_one_mirrored_step_are_found(with_store):
    async def test(store):
        twins = [statement("a"), statement("b", record=statement("a").record)]
        await put(store, step(BEIJING, 0, twins, mirrored=True))
        assert len(await store.evidence("record_clash")) == 1

    with_store(test)


def test_the_next_epoch_holds_the_same_statement_in_another_leaf(with_store):
    next_epoch = BEIJING.next_epoch()

    async def test(store):
        row = statement("a")
        await put(store, step(BEIJING, 0, [row], mirrored=True))
        await put(store, step(next_epoch, 0, [row], mirrored=True, received=2000))
        assert await store.evidence() == []
        assert [one.leaf.origin for one in await store.statement(row.id)] == [next_epoch, BEIJING]
        [found] = await store.search(Identifier("bill", "B-a"), None, 10)
        assert found.leaf.origin == next_epoch
        async with store.transaction() as transaction:
            assert (await transaction.find_ids("beijing", [row.id]))[row.id].leaf == found.leaf
            newest = await transaction.find_newest("beijing", [row.record])
            assert newest[row.record].leaf == found.leaf

    with_store(test)


def test_a_leaf_may_name_a_statement_that_is_stored_already(with_store):
    next_epoch = BEIJING.next_epoch()

    async def test(store):
        row = statement("a")
        again = step(next_epoch, 0, [row])
        await put(store, step(BEIJING, 0, [row]))
        await put(store, type(again)(again.origin, 0, (), again.leaves, ()))
        assert len(await store.statement(row.id)) == 2

    with_store(test)


def test_the_home_region_replaces_what_another_region_logged_of_its_statement(with_store):
    async def test(store):
        whole = statement("a")
        bare = statement("a", disclosures=(), signed=b"h.a.twin", identifiers=())
        await put(store, step(TIANJIN, 0, [bare], mirrored=True), step(BEIJING, 0, [whole]))
        assert {one.statement for one in await store.statement(whole.id)} == {whole}
        await put(store, step(TIANJIN, 1, [bare], mirrored=True))
        assert {one.statement for one in await store.statement(whole.id)} == {whole}
        assert len(await store.search(Identifier("bill", "B-a"), None, 10)) == 2

    with_store(test)


def test_an_error_in_the_block_rolls_back(with_store):
    async def test(store):
        async def fail_after_writing():
            async with store.transaction() as transaction:
                await transaction.append(step(BEIJING, 0, [statement("a")]))
                raise KeyError

        with pytest.raises(KeyError):
            await fail_after_writing()
        assert await store.origins() == []
        await put(store, step(BEIJING, 0, [statement("a")]))

    with_store(test)


def test_a_refusal_before_the_commit_can_be_tried_again(with_store, monkeypatch):
    async def refuse(*_):
        raise OperationalError("INSERT", {}, sqlite3.OperationalError("database or disk is full"))

    async def test(store):
        with monkeypatch.context() as patch:
            patch.setattr("ledger.store.appending._name_log", refuse)
            with pytest.raises(UnavailableError, match="store_unavailable"):
                await put(store, step(BEIJING, 0, [statement("a")]))
        await put(store, step(BEIJING, 0, [statement("a")]))

    with_store(test)


def test_a_failed_commit_is_fatal(with_store, monkeypatch):
    async def test(store):
        async with store.transaction() as transaction:
            await transaction.append(step(BEIJING, 0, [statement("a")]))

        async def fail(_):
            raise OperationalError("COMMIT", {}, sqlite3.OperationalError("disk I/O error"))

        with monkeypatch.context() as patch:
            patch.setattr("sqlalchemy.ext.asyncio.AsyncConnection.commit", fail)
            with pytest.raises(FatalError, match="store_failed"):
                await put(store, step(BEIJING, 1, [statement("b")]))
            with pytest.raises(FatalError, match="store_failed"):
                await store.put_meta("name", "value")

    with_store(test)


def test_a_write_goes_on_when_its_caller_goes_away(with_store):
    async def test(store):
        async with store.transaction():
            writing = asyncio.create_task(store.put_meta("name", "value"))
            await asyncio.sleep(0.01)
            writing.cancel()
        with pytest.raises(asyncio.CancelledError):
            await writing
        assert await store.get_meta("name") == "value"

    with_store(test)


def test_reads_see_nothing_of_an_open_transaction(with_store):
    async def test(store):
        async with store.transaction() as transaction:
            await transaction.append(step(BEIJING, 0, [statement("a")]))
            assert await store.size(BEIJING) == 0
        assert await store.size(BEIJING) == 1

    with_store(test)


def test_a_node_that_was_replaced_writes_nothing_more_but_reads(database):
    async def test():
        store = await database.open(mark=b"oldnode1")
        await put(store, step(BEIJING, 0, [statement("a")]))
        engine = database.engine()
        async with engine.begin() as connection:
            await take_lead(connection, b"newnode2")
        await engine.dispose()
        for write in (
            put(store, step(BEIJING, 1, [statement("b")])),
            store.put_meta("name", "value"),
            store.add_evidence("fork", "beijing", "x", Millis(4)),
        ):
            with pytest.raises(FatalError, match="leader_replaced"):
                await write
        assert (await store.size(BEIJING), await store.evidence()) == (1, [])
        await store.close()
        again = await database.open(mark=b"oldnode1")
        await put(again, step(BEIJING, 1, [statement("b")]))
        assert await again.get_meta("leader") == f"3 {b'oldnode1'.hex()}"
        await again.close()

    asyncio.run(test())


def test_a_leader_of_another_copy_with_the_same_number_is_another_leader(database):
    """As after a restore: two nodes that each count one further from the same old row."""

    async def test():
        store = await database.open(mark=b"the one1")
        engine = database.engine()
        async with engine.begin() as connection:
            await connection.execute(
                schema.meta.update()
                .where(schema.meta.c.name == "leader")
                .values(value=f"1 {b'another1'.hex()}")
            )
        await engine.dispose()
        with pytest.raises(FatalError, match="leader_replaced"):
            await put(store, step(BEIJING, 0, [statement("a")]))
        await store.close()

    asyncio.run(test())


def test_what_is_not_whole_is_never_committed(with_store):
    """PostgreSQL answers such a COMMIT without an error, and has undone everything."""

    async def test(store):
        await put(store, step(BEIJING, 0, [statement("a")]))
        clash = step(BEIJING, 2, [statement("c", jti="jti-a")])

        async def swallow():
            async with store.transaction() as transaction:
                await transaction.append(step(BEIJING, 1, [statement("b")]))
                with contextlib.suppress(ConflictError):
                    await transaction.append(clash)

        with pytest.raises(UnavailableError, match="a statement of this transaction failed"):
            await swallow()
        assert await store.size(BEIJING) == 1
        await put(store, step(BEIJING, 1, [statement("b")]))

    with_store(test)


def test_reads_together_see_one_state(with_store):
    async def test(store):
        await put(store, step(BEIJING, 0, [statement("a")]))
        async with store._connected(store._snapshots) as connection:
            assert await lookups.size_of(connection, BEIJING) == 1
            await put(store, step(BEIJING, 1, [statement("b")]))
            assert await lookups.size_of(connection, BEIJING) == 1
        async with store._connected(store._snapshots) as connection:
            assert await lookups.size_of(connection, BEIJING) == 2

    with_store(test)
