"""The anchor worker on a real engine: the chain rolled back, the account used by others, a refusal."""

from contextlib import asynccontextmanager

import pytest

from ledger.anchoring import Anchorer, Outcome
from ledger.chain.registry import account_key
from ledger.chain.registrystate import KeyRole
from ledger.node.world import AsyncioTasks, SystemClock
from ledger.ports import AnchorRow
from ledger.store import SqliteStore
from tests.engines.world import address_of, key, play
from tests.unit.anchoring.support import MemoryLock, grow


class Worker:
    """One region's log, and the worker that anchors it."""

    def __init__(self, world, store) -> None:
        self.world, self.store = world, store
        self.chain, self.lock = world.chain(), MemoryLock()
        self.anchorer = self.fresh()

    def fresh(self) -> Anchorer:
        return Anchorer(
            origin=self.world.origin,
            store=self.store,
            chain=self.chain,
            head_lock=self.lock,
            identity=self.world.deployment.chain,
            clock=SystemClock(),
            tasks=AsyncioTasks(),
        )

    async def grow(self, count: int) -> None:
        """Add leaves and anchor until nothing waits."""
        await grow(self.store, self.world.origin, count, self.lock)
        await self.settle()

    async def settle(self) -> None:
        for _ in range(20):
            if await self.anchorer.step() is Outcome.IDLE:
                return
        raise AssertionError("never idle")

    async def events(self):
        last = (await self.chain.final_block()).number
        return await self.chain.anchors(self.world.deployment.chain.deploy_block_number, last)

    async def sizes(self) -> list[int]:
        return [event.head.size for event in await self.events()]


@pytest.fixture
def scene(engine, tmp_path):
    @asynccontextmanager
    async def opened(world):
        store = await SqliteStore.open(tmp_path / "ledger.db")
        try:
            yield Worker(world, store)
        finally:
            await store.close()

    def run(test):
        async def whole(world):
            async with opened(world) as worker:
                await test(worker)

        play(engine, whole)

    return run


def test_a_rolled_back_chain_gets_its_lost_heads_again_in_order(scene):
    async def test(worker):
        await worker.grow(3)
        snapshot = await worker.world.rpc.call("evm_snapshot")
        for count in (4, 300):
            await worker.grow(count)
        before = await worker.events()
        assert [event.head.size for event in before] == [3, 7, 256, 307]
        for event in before:
            await worker.store.put_anchor(AnchorRow(worker.world.origin, event))
        await worker.world.rpc.call("evm_revert", snapshot)
        assert await worker.sizes() == [3]
        await grow(worker.store, worker.world.origin, 2, worker.lock)
        worker.anchorer = worker.fresh()
        await worker.settle()
        after = await worker.events()
        assert [event.head.size for event in after] == [3, 7, 256, 307, 309]
        assert [event.head for event in after[:4]] == [event.head for event in before]
        assert worker.anchorer.status.alarm is None

    scene(test)


def test_an_account_used_by_others_is_an_alarm_and_anchoring_goes_on(scene):
    async def test(worker):
        await worker.grow(3)
        head = (await worker.chain.head(worker.world.log)).head
        due = await worker.chain.nonce()
        stolen = worker.chain.sign_anchor(due, worker.world.log, head, [])
        await worker.chain.send(stolen.raw)
        assert await worker.world.mined(worker.chain, stolen.hash)
        await worker.settle()
        assert worker.anchorer.status.alarm.code == "anchor_nonce_foreign"
        assert f"nonce {due} " in worker.anchorer.status.alarm.detail
        await worker.grow(2)
        assert await worker.sizes() == [3, 5]

    scene(test)


def test_a_refusal_is_told_with_its_reason_and_its_numbers(scene):
    async def test(worker):
        await worker.grow(3)
        other = address_of(key("another anchor account"))
        await worker.world.registry("beijing").change_key(KeyRole.ANCHOR, account_key(other))
        await grow(worker.store, worker.world.origin, 2, worker.lock)
        for _ in range(3):
            await worker.anchorer.step()
        alarm = worker.anchorer.status.alarm
        assert alarm.code == "anchor_refused"
        assert "AnchorAccountWrong(" in alarm.detail
        assert f"expected=0x{other.hex()}" in alarm.detail.lower()
        kept = await worker.store.evidence("anchor_refused")
        assert kept[0][2] == alarm.detail
        assert await worker.sizes() == [3]

    scene(test)
