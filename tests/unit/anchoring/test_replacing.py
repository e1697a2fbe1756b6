"""More is offered for an anchor that waits, where settings say so: stored before it is sent, mined once."""

import asyncio
import json
from contextlib import asynccontextmanager

import pytest

from ledger.anchoring import Anchorer, Outcome, Replacing
from ledger.store import SqliteStore
from tests.unit.anchoring.model_chain import ModelChain, ModelWorld
from tests.unit.anchoring.support import BEIJING, HandClock, MemoryLock, StopTasks, grow


@asynccontextmanager
async def waiting(tmp_path, replacing):
    """A worker whose first anchor lies in the pool of a chain that mines nothing."""
    store = await SqliteStore.open(tmp_path / "ledger.db")
    world, lock, clock = ModelWorld(), MemoryLock(), HandClock()
    chain = ModelChain(world, "beijing")
    world.owners[BEIJING.log_id] = chain.account
    world.hold = True
    anchorer = Anchorer(
        origin=BEIJING,
        store=store,
        chain=chain,
        head_lock=lock,
        identity=world.identity,
        clock=clock,
        tasks=StopTasks(clock, 1),
        replacing=replacing,
    )
    try:
        await grow(store, BEIJING, 3, lock)
        assert await anchorer.step() is Outcome.SENT
        yield anchorer, chain, clock, store
    finally:
        await store.close()


def prices(raws):
    return sorted({json.loads(raw).get("price", 0) for raw in raws})


def test_the_same_call_is_offered_more_for_after_each_wait_up_to_the_most(tmp_path):
    async def run():
        async with waiting(tmp_path, Replacing(10.0, 2)) as (anchorer, chain, clock, store):
            for seconds, offered in ((0, [0]), (9, [0]), (2, [0, 1]), (5, [0, 1]), (6, [0, 1, 2])):
                clock.turn(seconds)
                assert await anchorer.step() is Outcome.SENT
                assert prices(chain.sent) == offered
            clock.turn(60)
            assert await anchorer.step() is Outcome.SENT
            assert prices(chain.sent) == [0, 1, 2]
            rows = await store.outbox(chain.sender)
            # Every one was stored, each with the same nonce and the same call.
            assert {row.raw for row in rows} == set(chain.sent)
            calls = [json.loads(raw) for raw in chain.sent]
            assert len({json.dumps({**one, "price": 0}, sort_keys=True) for one in calls}) == 1
            chain.world.hold = False
            chain.world.release()
            assert await anchorer.step() is Outcome.IDLE
            assert chain.world.nonce(chain.account) == 1
            assert anchorer.status.alarm is None

    asyncio.run(run())


@pytest.mark.parametrize("replacing", [None, Replacing(10.0, 0)])
def test_without_the_setting_or_above_the_most_nothing_is_offered(tmp_path, replacing):
    async def run():
        async with waiting(tmp_path, replacing) as (anchorer, chain, clock, _):
            for _ in range(4):
                clock.turn(3600)
                assert await anchorer.step() is Outcome.SENT
            assert len(set(chain.sent)) == 1

    asyncio.run(run())


def test_each_nonce_begins_to_wait_anew(tmp_path):
    async def run():
        async with waiting(tmp_path, Replacing(10.0, 9)) as (anchorer, chain, clock, store):
            clock.turn(9)
            await anchorer.step()
            chain.world.hold = False
            chain.world.release()
            await anchorer.step()
            chain.world.hold = True
            await grow(store, BEIJING, 3, anchorer._head_lock)
            assert await anchorer.step() is Outcome.SENT
            clock.turn(9)
            assert await anchorer.step() is Outcome.SENT
            assert prices(chain.sent) == [0]

    asyncio.run(run())
