"""An audit beside nodes that go on all the time finds what is there, and nothing else."""

import inspect
from itertools import count

import pytest

from ledger import tree
from ledger.audit import Auditor
from ledger.audit.report import LastClean
from ledger.ports import Holding
from ledger.values import TreeHead
from tests.unit.anchoring.model_chain import DEPLOYED
from tests.unit.anchoring.support import StopTasks
from tests.unit.mirroring.conftest import three  # noqa: F401 - a fixture
from tests.unit.mirroring.regions import (
    BROKER,
    CA,
    CARRIER,
    REGISTRAR,
    bill,
    registration,
    statement,
)


class Beside:
    """Whatever the audit asks, something happens before it is answered."""

    def __init__(self, asked, happen):
        self._asked = asked
        self._happen = happen

    def __getattr__(self, name):
        found = getattr(self._asked, name)
        if not inspect.iscoroutinefunction(found):
            return found

        async def answer(*args, **kwargs):
            await self._happen(name)
            return await found(*args, **kwargs)

        return answer


class Mirror:
    """What the audit asks of another region."""

    def __init__(self, peer):
        self._peer = peer
        self.region = peer.region
        self._store = peer.other.store

    async def held(self, origin):
        size = await self._store.size(origin)
        stored = TreeHead(size, await tree.root(self._store, origin, size))
        return Holding(stored, stored, None)

    async def checkpoint(self, origin, size=None):
        return await self._peer.checkpoint(origin, size)


def auditor(region, happen):
    return Auditor(
        region=region.name,
        store=Beside(region.store, happen),
        chain=Beside(region.chain, happen),
        peers=[Beside(Mirror(peer), happen) for peer in region.peers],
        head_lock=None,
        logs=region.logs,
        cas=[CA.certificate],
        certificates=[REGISTRAR.certificate],
        deployed=DEPLOYED,
        last=LastClean(),
        clock=region.clock,
        tasks=StopTasks(region.clock, 1),
    )


async def begin(t):
    for region in t.regions:
        await region.post(registration(region.name, CARRIER, ["bill_of_lading"]))
    await t.settle()


# A question comes again for each log; '' is all of them. At the first ones everything goes on.
ASKED = ["anchors", "final_block", "held", "size", "evidence", "found", ""]
MOST = 3


@pytest.mark.parametrize("at", ASKED)
def test_what_is_logged_and_anchored_meanwhile_is_no_difference(three, at):  # noqa: F811
    async def test(t):
        await begin(t)
        numbers = count()
        grown = 0

        async def grow(name):
            nonlocal grown
            if at not in ("", name) or grown == MOST:
                return
            grown += 1
            for region in t.regions:
                # The broker is registered nowhere: mirrors keep the breach as evidence.
                for firm in (CARRIER, BROKER) if region is not t.beijing else (CARRIER,):
                    compact = statement(
                        region.name, firm, "bill_of_lading", bill(f"{region.name}-{next(numbers)}")
                    )
                    await region.post(compact)
            await t.settle(2)

        report = await auditor(t.beijing, grow).run()
        assert (report.differences, report.silent) == ([], [])
        assert all(head.size > 0 for head in report.heads.values())
        assert grown

    three(test)


def test_an_anchored_head_that_the_chain_never_showed_is_found_all_the_same(three):  # noqa: F811
    async def test(t):
        await begin(t)
        [row] = await t.beijing.anchors(t.beijing.origin)
        t.world.blocks[row.facts.block_number].events.clear()

        async def nothing(_name):
            return

        report = await auditor(t.beijing, nothing).run()
        assert [(one.log, one.field) for one in report.differences] == [
            (str(t.beijing.origin), "anchor")
        ]

    three(test)


def test_a_chain_that_goes_silent_in_the_middle_is_named_and_not_compared(three):  # noqa: F811
    async def test(t):
        await begin(t)
        asked = 0

        async def fail(name):
            nonlocal asked
            asked += name == "final_block"
            t.beijing.chain.down = asked > 1

        report = await auditor(t.beijing, fail).run()
        assert (report.differences, report.silent) == ([], ["chain"])
        assert asked == 2

    three(test)
