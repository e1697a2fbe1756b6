"""What the mirrors hold of our own log, asked from the start on: a head that we signed and do not contain."""

import json
import shutil

import pytest

from ledger.keys.log import LogKey
from ledger.merkle.checkpoint import Checkpoint, sign_checkpoint
from ledger.mirroring import OwnLog
from ledger.store import SqliteStore
from ledger.values import TreeHead
from tests.unit.anchoring.support import StopTasks
from tests.unit.mirroring.regions import CARRIER, LocalPeer, Region, bill, policies, statement

BILL = "bill_of_lading"


class Asked:
    """An OwnLog of one region, and what it told."""

    def __init__(self, region: Region, *, believed: bool = True, sleeps: int = 1) -> None:
        self.contradicted: list[tuple] = []
        self.heard: list[int] = []
        self.tasks = StopTasks(region.clock, sleeps)
        self.own_log = OwnLog(
            peers=region.peers,
            origin=lambda: region.origin,
            compare=region.witness.compare,
            contradicted=lambda *told: self.contradicted.append(told),
            heard=lambda now, _region: self.heard.append(now) or believed,
            clock=region.clock,
            tasks=self.tasks,
        )


async def post(region: Region, name: str) -> None:
    await region.post(statement(region.name, CARRIER, BILL, bill(name)))


def test_mirrors_that_hold_nothing_or_what_we_hold_contradict_nothing(three):
    async def test(three):
        asked = Asked(three.beijing)
        assert await asked.own_log.step()
        await post(three.beijing, "ONE")
        await three.settle()
        await post(three.beijing, "TWO")
        assert await asked.own_log.step()
        assert asked.contradicted == []
        assert await three.beijing.store.evidence() == []
        assert len(asked.heard) == 4

    three(test)


@pytest.mark.parametrize("grown", [0, 1, 2])
def test_a_database_restored_together_with_its_lock_is_contradicted(three, tmp_path, grown):
    """Shorter than what a mirror holds, as long with another root, or longer: each is a fork."""

    async def test(three):
        beijing = three.beijing
        await post(beijing, "KEPT")
        await three.settle()
        shutil.copy(tmp_path / "beijing.db", tmp_path / "copy.db")
        for end in ("-wal", "-shm"):
            shutil.copy(tmp_path / f"beijing.db{end}", tmp_path / f"copy.db{end}")
        lock = dict(beijing.lock.heads)
        await post(beijing, "LOST")
        await three.settle()
        store = await SqliteStore.open(tmp_path / "copy.db")
        try:
            copy = Region("beijing", store, three.world, three.clock, policies())
            copy.lock.heads = lock
            copy.connect([copy, three.tianjin, three.hebei])
            for number in range(grown):
                await post(copy, f"OTHER {number}")
            asked = Asked(copy)
            await asked.own_log.step()
            assert [origin for origin, _ in asked.contradicted] == [beijing.origin] * 2
            assert {detail.split()[0] for _, detail in asked.contradicted} == {"hebei", "tianjin"}
            [(_, subject, body, _)] = await store.evidence("fork")
            assert subject == str(beijing.origin)
            assert json.loads(body)["size"] == 2
        finally:
            await store.close()

    three(test)


class Liar(LocalPeer):
    """Shows a checkpoint of a log that is not signed by it."""

    async def checkpoint(self, origin, size=None):
        key = LogKey(str(origin), bytes([5]) * 32)
        return sign_checkpoint(Checkpoint(str(origin), TreeHead(99, bytes([7]) * 32)), key)


def test_the_word_of_a_mirror_alone_stops_nobody(three):
    async def test(three):
        three.beijing.peers[0] = Liar(three.beijing, three.tianjin)
        asked = Asked(three.beijing)
        assert await asked.own_log.step()
        assert asked.contradicted == []
        assert await three.beijing.store.evidence() == []

    three(test)


def test_it_asks_often_until_all_have_answered_and_the_clock_is_believed(three):
    async def test(three):
        three.hebei.down = True
        asked = Asked(three.beijing, sleeps=3)
        with pytest.raises(StopTasks.OverError):
            await asked.own_log.run()
        assert asked.tasks.slept == [1.0] * 3
        three.hebei.down = False
        three.clock.turn(60)
        for believed, pace in [(False, 1.0), (True, 30.0)]:
            asked = Asked(three.beijing, believed=believed)
            with pytest.raises(StopTasks.OverError):
                await asked.own_log.run()
            assert asked.tasks.slept == [pace]
            assert len(asked.heard) == 2

    three(test)
