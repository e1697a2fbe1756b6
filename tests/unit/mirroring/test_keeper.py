"""What a mirror takes from a home node, and what it refuses before anything is stored."""

import asyncio
import json
from dataclasses import replace

import pytest

from ledger import tree
from ledger.errors import ConflictError, InputError, UnavailableError, VerificationError
from ledger.merkle.hashing import EMPTY_ROOT
from ledger.ports import Hold, LeaderToken
from ledger.values import TreeHead
from tests.unit.mirroring.holding import HOME, first_row, log_alone, rows, town_in

pytestmark = pytest.mark.usefixtures("either")
ONE = LeaderToken(3, b"\x01" * 8, b"\x0a" * 16)
EMPTY = TreeHead(0, EMPTY_ROOT)


class Scene:
    """A home node that has logged some records without telling hebei, and hebei's keeper."""

    def __init__(self, town, home) -> None:
        self.town, self.home = town, home
        self.mirror = town.mirrors["hebei"]

    @property
    def keeper(self):
        return self.mirror.keeper

    async def head(self, size: int) -> TreeHead:
        return TreeHead(size, await tree.root(self.home.store, HOME, size))

    async def step(self, start, end, old=..., leader=ONE, **changes) -> Hold:
        fed = await self.home.feed.read(HOME, start, end - start)
        if old is ...:
            old = None if start == 0 else await self.head(start)
        return replace(Hold(leader, old, await self.head(end), start, tuple(fed)), **changes)

    async def untouched(self, size=0) -> None:
        """Check that nothing was stored and the lock stands still."""
        assert await self.mirror.store.size(HOME) == size
        held = await self.mirror.head()
        assert (0 if held is None else held.size) == size


@pytest.fixture
def scene(tmp_path):
    def run(test):
        async def whole():
            async with town_in(tmp_path) as town:
                home = await town.home()
                await log_alone(home, [first_row(), *rows(5)])
                await test(Scene(town, home))

        asyncio.run(whole())

    return run


async def refused(asked, code, kind=ConflictError):
    with pytest.raises(kind) as caught:
        await asked
    assert caught.value.code == code


def test_steps_follow_each_other(scene):
    async def test(s):
        assert (await s.keeper.held(HOME)).head is None
        assert (await s.keeper.hold(HOME, await s.step(0, 2))).head == await s.head(2)
        held = await s.keeper.hold(HOME, await s.step(2, 6))
        assert (held.head, held.stored, held.leader) == (await s.head(6), await s.head(6), ONE)
        # Restarted, it says the same.
        s.mirror.restart()
        assert await s.keeper.held(HOME) == held

    scene(test)


def test_the_same_step_again_and_a_step_that_overlaps_change_nothing_twice(scene):
    async def test(s):
        first = await s.step(0, 3)
        held = await s.keeper.hold(HOME, first)
        assert await s.keeper.hold(HOME, first) == held
        await s.keeper.hold(HOME, await s.step(1, 5, old=await s.head(3)))
        assert await s.mirror.store.size(HOME) == 5

    scene(test)


def test_only_a_larger_number_replaces_a_leader(scene):
    async def test(s):
        await s.keeper.lead(HOME, ONE)
        assert (await s.keeper.lead(HOME, ONE)).leader == ONE
        twin = replace(ONE, mark=b"\x02" * 8)
        moved = replace(ONE, lock=b"\x0b" * 16)
        for other in (twin, moved, replace(twin, number=2)):
            await refused(s.keeper.lead(HOME, other), "leader_replaced")
            await refused(s.keeper.hold(HOME, await s.step(0, 2, leader=other)), "leader_replaced")
        await s.untouched()
        later = replace(twin, number=4)
        assert (await s.keeper.lead(HOME, later)).leader == later
        await refused(s.keeper.hold(HOME, await s.step(0, 2)), "leader_replaced")
        # Also in the region's next log.
        await refused(s.keeper.lead(HOME, ONE), "leader_replaced")
        # A hold brings its leader along where the mirror was away when it was chosen.
        newest = replace(twin, number=5)
        assert (await s.keeper.hold(HOME, await s.step(0, 2, leader=newest))).leader == newest

    scene(test)


def test_a_step_from_another_head_than_the_lock_holds_is_refused(scene):
    async def test(s):
        await s.keeper.hold(HOME, await s.step(0, 2))
        for old in (None, EMPTY, await s.head(1), TreeHead(2, b"\x07" * 32)):
            await refused(s.keeper.hold(HOME, await s.step(2, 4, old=old)), "head_moved")
        await s.untouched(2)

    scene(test)


def test_a_gap_is_refused(scene):
    async def test(s):
        await s.keeper.hold(HOME, await s.step(0, 2))
        await refused(s.keeper.hold(HOME, await s.step(3, 5, old=await s.head(2))), "hold_gap")
        await s.untouched(2)

    scene(test)


MALFORMED = {
    "too few leaves": lambda s, t: replace(s, new=TreeHead(t, s.new.root), leaves=s.leaves[:-1]),
    "too many leaves": lambda s, t: replace(s, leaves=(*s.leaves, s.leaves[-1])),
    "no leaf": lambda s, t: replace(s, leaves=(replace(s.leaves[0], leaf=b"{}"), *s.leaves[1:])),
    "another statement": lambda s, t: replace(
        s, leaves=(replace(s.leaves[0], signed=s.leaves[1].signed), *s.leaves[1:])
    ),
}


@pytest.mark.parametrize("name", MALFORMED)
def test_a_step_that_does_not_hang_together_is_refused(scene, name):
    async def test(s):
        step = MALFORMED[name](await s.step(0, 3), 3)
        await refused(s.keeper.hold(HOME, step), "hold_malformed", InputError)
        await s.untouched()

    scene(test)


def test_a_head_that_shrinks_is_refused(scene):
    async def test(s):
        await s.keeper.hold(HOME, await s.step(0, 4))
        back = Hold(ONE, await s.head(4), await s.head(2), 4, ())
        await refused(s.keeper.hold(HOME, back), "hold_malformed", InputError)

    scene(test)


def test_a_root_that_is_not_the_leaves_is_refused_before_they_are_stored(scene):
    async def test(s):
        step = replace(await s.step(0, 3), new=TreeHead(3, b"\x07" * 32))
        await refused(s.keeper.hold(HOME, step), "copies_fork")
        await s.untouched()
        [(kind, subject, body, _)] = await s.mirror.store.evidence()
        assert (kind, subject) == ("fork", str(HOME))
        assert json.loads(body)["given"] == "07" * 32

    scene(test)


def test_an_old_root_that_is_not_the_leaves_is_refused(scene):
    async def test(s):
        await s.keeper.hold(HOME, await s.step(0, 2))
        wrong = TreeHead(2, b"\x07" * 32)
        await s.mirror.lock.adopt(HOME, wrong)
        await refused(s.keeper.hold(HOME, await s.step(2, 4, old=wrong)), "copies_fork")
        assert await s.mirror.store.size(HOME) == 2

    scene(test)


def test_a_leaf_that_was_fetched_otherwise_is_a_fork_and_stays(scene):
    async def test(s):
        s.mirror.home_feed = s.home.feed.read
        await s.mirror.mirror.step()
        held = await s.mirror.store.leaves(HOME, 0, 9)
        other = await s.town.home("other")
        await log_alone(other, [first_row(), *rows(5)])
        fed = await other.feed.read(HOME, 0, 6)
        new = TreeHead(6, await tree.root(other.store, HOME, 6))
        await refused(s.keeper.hold(HOME, Hold(ONE, None, new, 0, tuple(fed))), "copies_fork")
        assert await s.mirror.store.leaves(HOME, 0, 9) == held
        assert (await s.mirror.head()) is None
        [(_, _, body, _)] = await s.mirror.store.evidence("fork")
        assert json.loads(body)["size"] == 0

    scene(test)


def test_what_was_fetched_without_its_sealed_part_gets_it_by_the_hold(scene):
    async def test(s):
        async def bare(origin, start, count):
            return [
                replace(one, sealed=None) for one in await s.home.feed.read(origin, start, count)
            ]

        s.mirror.home_feed = bare
        await s.mirror.mirror.step()
        ids = [leaf.statement for leaf in await s.mirror.store.leaves(HOME, 0, 9)]
        assert await s.mirror.store.sealed(HOME, ids) == {}
        step = await s.step(0, 6)
        await s.keeper.hold(HOME, step)
        kept = await s.mirror.store.sealed(HOME, ids)
        assert kept == {
            name: one.sealed for name, one in zip(ids, step.leaves, strict=True) if one.sealed
        }
        assert len(kept) == 5

    scene(test)


def test_what_is_handed_over_is_not_fetched_as_well_until_that_ends(scene):
    async def test(s):
        asked = []

        async def feed(origin, start, count):
            asked.append(start)
            return await s.home.feed.read(origin, start, count)

        s.mirror.home_feed = feed
        await s.keeper.hold(HOME, await s.step(0, 2))
        assert await s.mirror.mirror.step() == 0
        assert asked == []
        s.town.clock.turn(2)
        assert await s.mirror.mirror.step() == 4
        assert asked == [2]

    scene(test)


def test_sealed_disclosures_that_the_region_did_not_sign_hold_nothing(scene):
    async def test(s):
        step = await s.step(0, 3)
        swapped = replace(step.leaves[1], sealed=step.leaves[2].sealed)
        wrong = replace(step, leaves=(step.leaves[0], swapped, step.leaves[2]))
        await refused(s.keeper.hold(HOME, wrong), "sealed_signature", VerificationError)
        await s.untouched()

    scene(test)


def test_a_torn_lock_holds_nothing_and_says_nothing(scene):
    async def test(s):
        await s.keeper.hold(HOME, await s.step(0, 2))
        [path] = (s.town.folder / "hebei" / "lock").glob("*.head")
        path.write_bytes(path.read_bytes()[:-1])
        await refused(s.keeper.hold(HOME, await s.step(2, 4)), "head_lock_torn", UnavailableError)
        await refused(s.keeper.held(HOME), "head_lock_torn", UnavailableError)

    scene(test)


def test_fetching_and_holding_at_once_end_in_one_log(scene):
    async def test(s):
        s.mirror.home_feed = s.home.feed.read

        async def hold():
            old = None
            for end in range(1, 7):
                await s.keeper.hold(HOME, await s.step(end - 1, end, old=old))
                old = await s.head(end)

        async def fetch():
            for _ in range(12):
                await s.mirror.mirror.step()
                # What is handed over is not fetched for a while.
                s.town.clock.turn(3)

        await asyncio.gather(hold(), fetch())
        assert (await s.mirror.head()) == await s.head(6)
        assert await tree.root(s.mirror.store, HOME, 6) == (await s.head(6)).root
        assert await s.mirror.store.evidence() == []

    scene(test)
