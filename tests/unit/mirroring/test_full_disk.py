"""A disk that refuses before the commit ends no worker: the node stays up, and goes on once it has room."""

from contextlib import asynccontextmanager

import pytest

from ledger.errors import UnavailableError
from tests.unit.anchoring.support import StopTasks
from tests.unit.mirroring.regions import CARRIER, bill, registration, statement


class FullDisk:
    """The store while its disk is full: reads work, every write is refused."""

    def __init__(self, store) -> None:
        self._store = store
        self.refused = 0

    def __getattr__(self, name):
        if name.startswith(("put_", "add_", "drop_", "finish_")):
            return self._refuse
        return getattr(self._store, name)

    async def _refuse(self, *_):
        self.refused += 1
        raise UnavailableError("store_unavailable", "the database refused: SQLITE_FULL")

    @asynccontextmanager
    async def transaction(self):
        await self._refuse()
        yield


async def keep_running(region, worker):
    """Run a worker of a process that starts now, until it has slept a few times."""
    region.tasks = StopTasks(region.clock, 4)
    region.start()
    with pytest.raises(StopTasks.OverError):
        await getattr(region, worker).run()


@pytest.mark.parametrize("worker", ["mirror", "follower", "witness"])
def test_a_worker_outlives_a_full_disk_and_goes_on_afterwards(three, worker):
    async def test(t):
        await t.beijing.post(
            registration("beijing", CARRIER, ["bill_of_lading"]),
            statement("beijing", CARRIER, "bill_of_lading", bill("B1")),
        )
        # What this worker has to write comes from the steps of the others before it.
        for step in ("mirror", "follower", "witness"):
            await t.beijing.anchorer.step()
            await t.beijing.follower.step()
            if step == worker:
                break
            for region in (t.tianjin, t.hebei):
                await getattr(region, step).step()
        whole = t.tianjin.store
        t.tianjin.store = full = FullDisk(whole)
        await keep_running(t.tianjin, worker)
        assert full.refused >= 3
        t.tianjin.store = whole
        t.tianjin.start()
        await t.settle()
        [row] = await t.hebei.anchors(t.beijing.origin)
        assert row.quorate

    three(test)
