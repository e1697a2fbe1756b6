"""The anchor worker of a region's next log, whose account has transactions of the closed one behind it."""

import asyncio
import json

import pytest

from ledger.anchoring import Anchorer
from ledger.store import SqliteStore
from tests.unit.anchoring.model_chain import ModelChain, ModelWorld
from tests.unit.anchoring.support import BEIJING, HandClock, MemoryLock, StopTasks, grow

pytestmark = pytest.mark.usefixtures("either")
NEXT = BEIJING.next_epoch()


def test_a_refused_anchor_of_the_closed_log_is_no_alarm_for_the_next(tmp_path):
    async def test():
        store = await SqliteStore.open(tmp_path / "ledger.db")
        world, clock, lock = ModelWorld(), HandClock(), MemoryLock()
        # The refused transaction is mined, but not final yet when the next log's worker starts.
        chain = ModelChain(world, "beijing", confirmations=5)
        world.owners[NEXT.log_id] = chain.account

        def worker(origin):
            return Anchorer(
                origin=origin, store=store, chain=chain, head_lock=lock, identity=world.identity,
                clock=clock, tasks=StopTasks(clock, 1),
            )  # fmt: skip

        await grow(store, BEIJING, 40, lock)
        closed = worker(BEIJING)
        await closed.step()
        await closed.step()
        assert closed.status.alarm.code == "anchor_refused"
        await grow(store, NEXT, 3, lock, "next")
        going_on = worker(NEXT)
        for _ in range(3):
            await going_on.step()
        assert going_on.status.alarm is None
        assert going_on.status.anchored == 3
        await store.close()

    asyncio.run(test())


def looked_at_by_both(look):
    """Neither goes on before both have looked: one that came later would find what the first sent."""
    looks = []

    async def outbox(sender):
        rows = await look(sender)
        looks.append(sender)
        while len(looks) < 2:
            await asyncio.sleep(0.001)
        return rows

    return outbox


@pytest.mark.parametrize("shared", [True, False])
def test_the_last_step_for_a_closed_log_and_the_first_for_the_next_take_two_nonces(
    tmp_path, shared
):
    """Without a lock of the account's own, both read the same nonce: two payloads for it."""

    async def test():
        store = await SqliteStore.open(tmp_path / "ledger.db")
        world, clock, lock = ModelWorld(), HandClock(), MemoryLock()
        chain = ModelChain(world, "beijing")
        world.owners |= {BEIJING.log_id: chain.account, NEXT.log_id: chain.account}
        account = asyncio.Lock()

        def stepped_once(origin):
            asked = iter((False, True))
            worker = Anchorer(
                origin=origin, store=store, chain=chain, head_lock=lock, identity=world.identity,
                clock=clock, tasks=StopTasks(clock, 9), account=account if shared else None,
            )  # fmt: skip
            return worker.run(until=lambda: next(asked))

        await grow(store, BEIJING, 3, lock)
        await grow(store, NEXT, 3, lock, "next")
        if not shared:
            store.outbox = looked_at_by_both(store.outbox)
        await asyncio.gather(stepped_once(BEIJING), stepped_once(NEXT))
        await store.close()
        nonces = [json.loads(raw)["nonce"] for raw in chain.sent]
        assert nonces == ([0, 1] if shared else [0, 0])

    asyncio.run(test())
