"""Records that wait for their anchor for too long close intake, over restarts too, and an anchor opens it."""

import asyncio
from dataclasses import replace

import pytest

from ledger.anchoring import AnchorStatus, Outage
from ledger.errors import UnavailableError
from ledger.ports import AnchorFacts, AnchorRow
from ledger.store import SqliteStore
from ledger.values import Millis, TreeHead
from tests.unit.anchoring.support import BEIJING, HandClock, StopTasks, grow

pytestmark = pytest.mark.usefixtures("either")
HOURS = 3600.0


class Watched:
    def __init__(self, store, clock):
        self.store, self.clock = store, clock
        self.status = AnchorStatus()
        self.tasks = StopTasks(clock, sleeps=3)
        self.outage = Outage(
            origin=lambda: BEIJING,
            status=lambda: self.status,
            store=store,
            clock=clock,
            tasks=self.tasks,
            most=4 * HOURS,
        )

    async def closed(self) -> bool:
        await self.outage.look()
        if self.outage.code is None:
            self.outage.check()
            return False
        with pytest.raises(UnavailableError) as refused:
            self.outage.check()
        assert (refused.value.code, refused.value.retry_after) == ("anchoring_late", 60)
        return True


def with_log(tmp_path, test):
    async def whole():
        store = await SqliteStore.open(tmp_path / "ledger.db")
        try:
            clock = HandClock()
            await test(store, clock, Watched(store, clock))
        finally:
            await store.close()

    asyncio.run(whole())


def test_an_idle_log_is_never_late(tmp_path):
    async def test(store, clock, one):
        clock.turn(100 * HOURS)
        assert not await one.closed()
        await grow(store, BEIJING, 3)
        one.status = AnchorStatus(anchored=3, signed=3)
        assert not await one.closed()
        assert one.outage.age == 0

    with_log(tmp_path, test)


def test_the_oldest_record_without_an_anchor_closes_intake_and_its_anchor_opens_it(tmp_path):
    async def test(store, clock, one):
        await grow(store, BEIJING, 3)
        clock.turn(4 * HOURS)
        assert not await one.closed()
        clock.turn(1)
        assert await one.closed()
        assert one.outage.age == pytest.approx(4 * HOURS + 1)
        # The chain took the first two: the third was received two milliseconds after the first.
        one.status = replace(one.status, anchored=2)
        assert await one.closed()
        one.status = replace(one.status, anchored=3)
        assert not await one.closed()

    with_log(tmp_path, test)


def test_a_start_forgives_nothing_and_knows_what_was_anchored_though_the_chain_is_silent(tmp_path):
    async def test(store, clock, one):
        head = await grow(store, BEIJING, 2)
        facts = AnchorFacts(BEIJING.log_id, head, 1, bytes(32), bytes(32), 0, Millis(1))
        await store.put_anchor(AnchorRow(BEIJING, facts))
        clock.turn(5 * HOURS)
        assert not await one.closed()
        await grow(store, BEIJING, 1, salt="later")
        # By the made-up log it was received with the others, five hours ago.
        assert await Watched(store, clock).closed()

    with_log(tmp_path, test)


def test_what_somebody_else_left_on_the_chain_makes_no_record_anchored(tmp_path):
    async def test(store, clock, one):
        head = await grow(store, BEIJING, 2)
        await grow(store, BEIJING, 3)
        for found in (head, TreeHead(1_000, bytes(32))):
            facts = AnchorFacts(BEIJING.log_id, found, 1, bytes(32), bytes(32), 0, Millis(1))
            await store.put_anchor(AnchorRow(BEIJING, facts))
        clock.turn(5 * HOURS)
        assert await one.closed()
        one.status = AnchorStatus(anchored=2, signed=5)
        assert await one.closed()

    with_log(tmp_path, test)


def test_it_looks_again_by_itself_and_a_store_that_fails_leaves_what_it_said(tmp_path):
    async def test(store, clock, one):
        await grow(store, BEIJING, 1)
        clock.turn(5 * HOURS)
        with pytest.raises(StopTasks.OverError):
            await one.outage.run()
        assert one.outage.code == "anchoring_late"

        async def gone(origin):
            raise UnavailableError("store_unavailable", "not now")

        store.newest_anchor = gone
        one.tasks.left = 2
        with pytest.raises(StopTasks.OverError):
            await one.outage.run()
        assert one.outage.code == "anchoring_late"

    with_log(tmp_path, test)
