"""Copies that mirrors fetch by themselves: intake closes when they are late, and opens again."""

import asyncio

import pytest

from ledger.errors import UnavailableError
from ledger.mirroring import FetchedCopies
from ledger.mirroring.backlog import Backlog
from ledger.values import TreeHead
from tests.unit.anchoring.support import HandClock
from tests.unit.mirroring.regions import CARRIER, bill, origin_of, registration, statement
from tests.unit.sealing.harness import Given, node_on
from tests.unit.store.made_up import BEIJING
from tests.unit.store.made_up import statement as made_up

MIRRORS = ["hebei", "tianjin"]


class Watched:
    """Copies under a clock turned by hand."""

    def __init__(self, size=0, within=60.0):
        self.clock = HandClock()
        self.copies = FetchedCopies(MIRRORS, self.clock, within)
        asyncio.run(self.copies.lead(BEIJING, TreeHead(size, b"\x01" * 32)))

    def grow(self, size):
        asyncio.run(self.copies.hold(BEIJING, TreeHead(size, b"\x01" * 32)))

    @property
    def late(self) -> bool:
        if self.copies.status.code is None:
            self.copies.check()
            return False
        with pytest.raises(UnavailableError) as refused:
            self.copies.check()
        assert (refused.value.code, refused.value.retry_after) == ("copies_late", 5)
        return self.copies.status.code == "copies_late"


def test_the_first_leaf_without_a_copy_decides():
    one = Watched()
    one.grow(1)
    one.clock.turn(60)
    one.grow(2)
    assert not one.late
    one.clock.turn(1)
    assert one.late
    # One of the mirrors has the first leaf: the second is a second old.
    one.copies.asked("hebei", BEIJING, 1)
    assert not one.late
    one.clock.turn(60)
    assert one.late
    one.copies.asked("tianjin", BEIJING, 2)
    assert not one.late
    assert {name: state.size for name, state in one.copies.status.mirrors.items()} == {
        "hebei": 1,
        "tianjin": 2,
    }
    assert one.copies.status.mirrors["hebei"].lag == 61
    assert one.copies.status.mirrors["tianjin"].lag == 0


def test_an_idle_log_is_never_late():
    one = Watched()
    one.clock.turn(1e6)
    assert not one.late
    one.grow(3)
    one.copies.asked("hebei", BEIJING, 3)
    one.clock.turn(1e6)
    assert not one.late


def test_after_a_start_the_mirrors_have_their_time_from_then_on():
    one = Watched(size=5000)
    assert not one.late
    one.clock.turn(61)
    assert one.late
    one.copies.asked("hebei", BEIJING, 5000)
    assert not one.late


def test_a_mirror_that_lost_its_disk_counts_for_what_it_has_now():
    one = Watched()
    one.grow(5)
    one.copies.asked("hebei", BEIJING, 5)
    one.clock.turn(61)
    assert not one.late
    one.copies.asked("hebei", BEIJING, 0)
    assert one.copies.status.mirrors["hebei"].size == 0


def test_other_logs_and_strangers_do_not_count():
    one = Watched()
    one.grow(1)
    one.clock.turn(61)
    one.copies.asked("hebei", BEIJING.next_epoch(), 1)
    one.copies.asked("elsewhere", BEIJING, 1)
    assert one.late


def test_the_next_epoch_begins_anew():
    one = Watched()
    one.grow(9)
    one.copies.asked("hebei", BEIJING, 9)
    asyncio.run(one.copies.lead(BEIJING.next_epoch(), TreeHead(0, b"\x01" * 32)))
    assert one.copies.status.mirrors["hebei"].size == 0
    one.grow(10)
    one.clock.turn(61)
    assert not one.late


@pytest.mark.parametrize("count", [10, 1024, 1025, 5000])
def test_of_many_commits_the_oldest_is_never_made_younger(count):
    clock = HandClock()
    backlog = Backlog(clock)
    for size in range(1, count + 1):
        backlog.reach(size)
        clock.turn(1)
    for held in (0, 1, count // 2, count - 1):
        exact = count - held
        assert exact <= backlog.age(held) <= max(2 * exact, exact + 8)
    assert backlog.age(count) == 0
    backlog.copied(count)
    assert backlog.age(0) == 0


def test_a_sealer_takes_nothing_new_while_copies_are_late_and_answers_repeats(tmp_path):
    async def test():
        clock = HandClock()
        copies = FetchedCopies(MIRRORS, clock, 60)
        async with node_on(tmp_path / "db", clock=clock, copies=copies) as node:
            first = made_up("first")
            [receipt] = await node.submit(first)
            clock.turn(61)
            [refused] = await node.submit(made_up("second"))
            assert refused.code == "copies_late"
            assert await node.store.size(BEIJING) == 1
            [found] = await node.store.statement(first.id)
            again = await node.sealer.submit(Given(first, place=found))
            assert again.leaf == receipt.leaf
            copies.asked("tianjin", BEIJING, 1)
            [taken] = await node.submit(made_up("second"))
            assert taken.index == 1

    asyncio.run(test())


def test_the_feed_tells_how_far_a_mirror_is(three):
    async def test(t):
        kinds = ["bill_of_lading"]
        given = [statement("beijing", CARRIER, "bill_of_lading", bill(f"F{n}")) for n in range(3)]
        await t.beijing.post(registration("beijing", CARRIER, kinds), *given)
        told = []
        t.beijing.reader._asked = lambda *asked: told.append(asked)
        await t.tianjin.mirror.step()
        await t.tianjin.mirror.step()
        assert told == [("tianjin", origin_of("beijing"), 0), ("tianjin", origin_of("beijing"), 4)]

    three(test)
