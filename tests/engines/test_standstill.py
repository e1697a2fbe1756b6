"""A chain that stands still while it takes transactions, and what it knows of them when it was ended so."""

import asyncio
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from ledger.anchoring import Outcome
from ledger.chain.rpc import NodeRefused
from tests.engines.engine import Engine
from tests.engines.standstill import go_on, stand_still
from tests.engines.waiting import until
from tests.engines.worker import Worker, working
from tests.engines.world import World, opened, play


@pytest.mark.needs("standstill")
def test_what_waits_on_a_chain_that_stands_still_is_mined_once_it_goes_on(own_engine, tmp_path):
    async def test(world):
        async with working(world, tmp_path / "ledger.db") as worker:
            await worker.grow(3)
            await stand_still(own_engine, world.rpc)
            waiting = await left_waiting(worker)
            await worker.add(4)
            assert await worker.anchorer.step() is Outcome.SENT
            assert await worker.hashes() == waiting
            await go_on(own_engine, world.rpc)
            await worker.settle()
            assert await worker.sizes() == [3, 5, 9]
            assert (await worker.events())[1].transaction == waiting[-1]
            assert worker.anchorer.status.alarm is None

    play(own_engine, test)


@pytest.mark.lacks("standstill")
def test_what_was_taken_is_mined_without_being_sent_again(scene):
    async def test(worker):
        await worker.add(3)
        await worker.anchorer.step()
        (sent,) = await worker.hashes()
        await worker.world.mined(worker.world.chain(), sent)
        assert await worker.sizes() == [3]

    scene(test)


@pytest.mark.needs("forgets")
def test_what_a_chain_forgot_is_sent_again_from_the_store(own_engine, tmp_path):
    path = tmp_path / "ledger.db"

    async def before():
        async with first(own_engine, path) as worker:
            await worker.grow(3)
            await stand_still(own_engine, worker.world.rpc)
            return worker, await left_waiting(worker)

    async def after(before, waiting):
        async with second(own_engine, path, before) as worker:
            # What was proposed before all ended stands in a validator's journal, and is mined by itself.
            if not await known(worker.world, waiting[-1]):
                assert await worker.sizes() == [3]
            await worker.settle()
            assert await worker.sizes() == [3, 5]
            assert (await worker.events())[1].transaction == waiting[-1]
            assert worker.anchorer.status.alarm is None

    held = asyncio.run(before())
    own_engine.stop()
    own_engine.start()
    asyncio.run(after(*held))


@pytest.mark.lacks("forgets")
def test_what_a_chain_took_it_never_forgets(own_engine, tmp_path):
    path = tmp_path / "ledger.db"

    async def before():
        async with first(own_engine, path) as worker:
            await worker.grow(3)
            await worker.add(2)
            # Taken, and the engine is ended at once.
            await worker.anchorer.step()
            return worker, await worker.hashes()

    async def after(before, sent):
        async with second(own_engine, path, before) as worker:
            await worker.world.mined(worker.chain, sent[-1])
            assert await worker.anchorer.step() is Outcome.IDLE
            assert await worker.sizes() == [3, 5]

    held = asyncio.run(before())
    own_engine.stop()
    own_engine.start()
    asyncio.run(after(*held))


@asynccontextmanager
async def first(engine: Engine, path: Path):
    """A worker on contracts of its own."""
    async with opened(engine) as world:
        await world.begin()
        await world.register()
        async with working(world, path) as worker:
            yield worker


@asynccontextmanager
async def second(engine: Engine, path: Path, before: Worker):
    """The worker of a process that starts after the engine was started again."""
    async with opened(engine) as world:
        world.deployment = before.world.deployment
        async with working(world, path, before.lock) as worker:
            yield worker


async def left_waiting(worker: Worker) -> list[bytes]:
    """What the outbox holds once a transaction waits on a chain that stands still."""
    await worker.add(2)
    for _ in range(3):
        assert await worker.anchorer.step() is Outcome.SENT
    sent = await worker.hashes()
    await until(lambda: known(worker.world, sent[-1]), "the chain has the transaction")
    assert await worker.chain.receipt(sent[-1]) is None
    assert worker.anchorer.status.unavailable is None
    assert await worker.sizes() == [3]
    return sent


async def known(world: World, transaction: bytes) -> bool:
    """Whether the node has it, mined or not."""
    try:
        found = await world.rpc.call("eth_getTransactionByHash", "0x" + transaction.hex())
    except NodeRefused:
        return False
    return found is not None
