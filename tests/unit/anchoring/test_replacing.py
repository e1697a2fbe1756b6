"""More is offered for an anchor that waits, where settings say so: stored before it is sent, mined once."""

import asyncio
import json
from contextlib import asynccontextmanager

import pytest

from ledger.anchoring import Anchorer, Outcome, Replacing
from ledger.errors import UnavailableError
from ledger.store import SqliteStore
from tests.unit.anchoring.model_chain import ModelChain, ModelWorld
from tests.unit.anchoring.support import BEIJING, HandClock, MemoryLock, StopTasks, grow


class PoolChain(ModelChain):
    """Its pool keeps one transaction of a nonce, the dearest; above ``affords`` it takes none."""

    affords = 99

    async def send(self, raw):
        call = json.loads(raw)
        kept = {key: json.loads(one) for key, one in self.world.pool.items() if one != raw}
        kept = {key: one for key, one in kept.items() if one["nonce"] == call["nonce"]}
        if call.get("price", 0) > self.affords:
            raise rejected("insufficient funds for gas * price + value")
        if any(one.get("price", 0) >= call.get("price", 0) for one in kept.values()):
            raise rejected("replacement transaction underpriced")
        for key in kept:
            del self.world.pool[key]
        await super().send(raw)


def rejected(message):
    return UnavailableError("chain_rejected", f"the chain refused a transaction: {message}")


@asynccontextmanager
async def waiting(tmp_path, replacing, model=ModelChain):
    """A worker whose first anchor lies in the pool of a chain that mines nothing."""
    store = await SqliteStore.open(tmp_path / "ledger.db")
    world, lock, clock = ModelWorld(), MemoryLock(), HandClock()
    chain = model(world, "beijing")
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


async def mined(anchorer, chain):
    """The chain mines again what waits, and nothing is left to be sent."""
    chain.world.hold = False
    chain.world.release()
    assert await anchorer.step() is Outcome.IDLE


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
            await mined(anchorer, chain)
            assert chain.world.nonce(chain.account) == 1
            assert anchorer.status.alarm is None

    asyncio.run(run())


def test_a_pool_that_refuses_what_was_replaced_is_offered_more_up_to_the_most(tmp_path):
    async def run():
        async with waiting(tmp_path, Replacing(10.0, 3), PoolChain) as (
            anchorer,
            chain,
            clock,
            store,
        ):
            assert await anchorer.step() is Outcome.SENT
            for offered in (1, 2, 3, 3):
                clock.turn(11)
                assert await anchorer.step() is Outcome.SENT
                assert await anchorer.step() is Outcome.SENT
                assert prices(chain.world.pool.values()) == [offered]
            # Every one was stored, each with the same nonce.
            rows = await store.outbox(chain.sender)
            assert prices(row.raw for row in rows) == [0, 1, 2, 3]
            assert {row.nonce for row in rows} == {0}
            await mined(anchorer, chain)
            assert chain.world.nonce(chain.account) == 1
            assert anchorer.status.alarm is None

    asyncio.run(run())


def test_what_the_chain_says_against_the_dearest_is_told_and_the_cheaper_one_is_sent_again(
    tmp_path,
):
    async def run():
        async with waiting(tmp_path, Replacing(10.0, 9), PoolChain) as (
            anchorer,
            chain,
            clock,
            store,
        ):
            assert await anchorer.step() is Outcome.SENT
            chain.affords = 0
            for _ in range(3):
                clock.turn(11)
                # The node is begun anew, and its pool is empty.
                chain.world.pool.clear()
                with pytest.raises(UnavailableError, match="insufficient funds"):
                    await anchorer.step()
                assert prices(chain.world.pool.values()) == [0]
            # Nothing dearer is signed than what was refused already.
            assert prices(row.raw for row in await store.outbox(chain.sender)) == [0, 1]
            await mined(anchorer, chain)

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
