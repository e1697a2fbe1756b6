"""A region on PostgreSQL: from post to verdict, and what its node does when the database is another one."""

import asyncio
import shutil
import signal
from contextlib import asynccontextmanager

import pytest

from ledger import tree
from ledger.errors import ConflictError, UnavailableError
from ledger.keys.demo import demo_log_key
from ledger.merkle.hashing import EMPTY_ROOT
from ledger.sealing import Sealer
from ledger.store import FileHeadLock, PostgresStore
from ledger.testing import example_invoice
from ledger.testing.local import local_network
from ledger.values import TreeHead
from tests.postgres import Server
from tests.unit.sealing.harness import EventTasks, Given, HandClock
from tests.unit.store.made_up import BEIJING, statement

NOTHING = TreeHead(0, EMPTY_ROOT)


@pytest.fixture
def server(postgres):
    """A server of its own, since it is stopped and put back; without PostgreSQL it skips as others do."""
    with Server.running() as made:
        made.found()
        yield made


@asynccontextmanager
async def node(address, lock_dir):
    """A sealer as a node has it, with its standing after the start."""
    lock = FileHeadLock.open(lock_dir)
    store = await PostgresStore.open(address)
    await lock.beside(await store.identity())
    key = demo_log_key(str(BEIJING))
    sealer = Sealer(
        origin=BEIJING,
        store=store,
        head_lock=lock,
        signer=key,
        clock=HandClock(),
        tasks=EventTasks(),
    )
    await sealer.resume()
    running = asyncio.create_task(sealer.run())
    try:
        yield sealer
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        await store.close()
        lock.close()


async def post(sealer, *names):
    return [await sealer.submit(Given(statement(name))) for name in names]


async def read_only(sealer, code):
    assert sealer.standing.code == code
    with pytest.raises(UnavailableError, match=code):
        await post(sealer, "not taken")
    assert sealer.signed is None


def test_a_record_goes_from_post_to_verdict_and_is_there_after_a_restart(postgres, tmp_path):
    invoice = example_invoice()

    async def run(address, more):
        theirs = {
            "tianjin": {
                "database": address.url,
                "database_password_file": address.password_file,
            }
        }
        async with local_network(tmp_path, databases=theirs) as local:
            assert local.nodes["tianjin"].store.version.startswith("PostgreSQL")
            assert local.nodes["beijing"].store.version.startswith("SQLite")
            return await more(local)

    async def first(local):
        await local.register_parties()
        receipt = await local.post("importer_bj", "tianjin", **invoice)
        await local.settle()
        bundle = await local.bundle(receipt.id)
        assert local.verify(bundle).verdict == "passed"
        return receipt, bundle

    async def second(local, before):
        receipt, bundle = before
        assert local.verify(bundle).verdict == "passed"
        again = await local.bundle(receipt.id)
        assert local.verify(again).verdict == "passed"
        with pytest.raises(ConflictError, match="record_exists"):
            await local.post("importer_bj", "tianjin", **invoice)
        changed = invoice["fields"] | {
            "change": "amended", "reason": "as ordered", "case_code": "ordered",
        }  # fmt: skip
        later = await local.post(
            "importer_bj", "tianjin", invoice["kind"], changed, version=2, prev=receipt.id
        )
        await local.settle()
        assert local.verify(await local.bundle(later.id)).verdict == "passed"

    with postgres.database() as name:
        address = postgres.address(name)
        before = asyncio.run(run(address, first))
        [[held]] = postgres.admin("SELECT count(*) FROM statement", database=name)
        assert held > 1
        asyncio.run(run(address, lambda local: second(local, before)))
    assert not (tmp_path / "tianjin" / "ledger.sqlite").exists()


def test_a_database_restored_to_an_older_time_is_read_only(server, tmp_path):
    """The same system, timeline and name: only the head lock knows what was promised since."""
    lock, old, newest = tmp_path / "lock", server.folder / "old", server.folder / "newest"

    async def before(address):
        async with node(address, lock) as sealer:
            await post(sealer, "a", "b")

    async def more(address):
        async with node(address, lock) as sealer:
            await post(sealer, "c")
            return await sealer._store.identity()

    async def restored(address, identity):
        async with node(address, lock) as sealer:
            assert await sealer._store.identity() == identity
            await read_only(sealer, "head_lock_ahead")
            with pytest.raises(ConflictError, match="adopt_refused"):
                await sealer.adopt(NOTHING, [NOTHING, NOTHING])

    async def put_back(address):
        async with node(address, lock) as sealer:
            [receipt] = await post(sealer, "d")
            assert receipt.index == 3

    with server.database() as name:
        address = server.address(name)
        asyncio.run(before(address))
        server.stop()
        server.copy(server.data, old)
        server.start()
        identity = asyncio.run(more(address))
        server.stop()
        server.data.rename(newest)
        old.rename(server.data)
        server.start()
        asyncio.run(restored(address, identity))
        server.stop()
        shutil.rmtree(server.data)
        newest.rename(server.data)
        server.start()
        asyncio.run(put_back(address))


def test_a_promoted_replica_leads_only_where_it_lacks_nothing_and_an_operator_says_so(
    server, tmp_path
):
    lock = tmp_path / "lock"

    async def before(address, *names):
        async with node(address, lock) as sealer:
            await post(sealer, *names)
            return sealer.signed.head

    async def lagging(address):
        async with node(address, lock) as sealer:
            assert await sealer._store.size(BEIJING) == 2
            await read_only(sealer, "store_moved")
            with pytest.raises(ConflictError, match="adopt_refused: head_lock_ahead"):
                await sealer.adopt(NOTHING, [NOTHING, NOTHING])
            await read_only(sealer, "store_moved")

    async def whole(address, head):
        async with node(address, lock) as sealer:
            await read_only(sealer, "store_moved")
            assert await tree.root(sealer._store, BEIJING, 3) == head.root
            assert (await sealer.adopt(head, [head, head])).leading
        async with node(address, lock) as sealer:
            [receipt] = await post(sealer, "d")
            assert receipt.index == 3

    with (
        server.database() as name,
        Server.running() as stalled,
        Server.running() as current,
    ):
        asyncio.run(before(server.address(name), "a", "b"))
        for replica in (stalled, current):
            replica.copy_of(server)
        current.start()
        head = asyncio.run(before(server.address(name), "c"))
        current.follow(server)
        server.stop(signal.SIGQUIT)
        stalled.start()
        for replica in (stalled, current):
            replica.admin("SELECT pg_promote()")
        asyncio.run(lagging(stalled.address(name)))
        asyncio.run(whole(current.address(name), head))
        server.start()
