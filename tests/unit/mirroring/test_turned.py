"""Who may go on after an epoch turn: what holders agreed about the closed log says nothing of the next."""

import asyncio
import shutil

import pytest

from ledger.merkle.hashing import EMPTY_ROOT
from ledger.ports import LeaderToken
from ledger.sealing import ReceiptOut
from ledger.values import TreeHead
from tests.unit.mirroring.holding import HOME, NEXT, first_row, rows, town_in

NOTHING = TreeHead(0, EMPTY_ROOT)
CLOSED = 4
LOGGED = 3
TOKEN = LeaderToken(1, b"\x01" * 8, b"\x02" * 16)


@pytest.fixture
def town(tmp_path):
    """Run an async test with two mirrors and a folder for homes."""

    def run(test):
        async def whole():
            async with town_in(tmp_path) as made:
                made.open_next()
                await test(made)

        asyncio.run(whole())

    return run


async def held(home, size):
    await home.until(lambda: all(c.size == size for c in home.copies.status.mirrors.values()))


async def logged(home, given):
    receipts = await home.submit(*given)
    assert all(isinstance(one, ReceiptOut) for one in receipts), receipts
    return receipts


async def turned(t, **how):
    """A home node that went on in its second log, with what it answered there; both mirrors hold all."""
    home = await t.led(anchored=NOTHING, **how)
    await logged(home, [first_row(), *rows(CLOSED - 1)])
    await held(home, CLOSED)
    assert (await home.turn(CLOSED)).leading
    given = rows(LOGGED)
    receipts = await logged(home, given)
    assert {one.origin for one in receipts} == {NEXT}
    await held(home, LOGGED)
    return home, given, receipts


async def imaged(t):
    """The turned home node is lost behind one more answer, which tianjin alone holds; ``image`` is older."""
    home, _, _ = await turned(t)
    t.clone("home", "image")
    t.mirrors["hebei"].down = True
    given = rows(1)
    [promised] = await logged(home, given)
    assert (promised.origin, promised.index) == (NEXT, LOGGED)
    await home.stop()
    t.mirrors["hebei"].down = False
    return given, promised


async def refuses(t, home):
    """Nothing is signed beside what was answered while the one that holds it is away."""
    assert (await home.turn(CLOSED)).code == "copies_missing"
    [error] = await home.submit(*rows(1))
    assert getattr(error, "code", None) == "copies_missing"
    assert home.sealer.signed is None


async def goes_on(t, home, given, promised):
    t.mirrors["tianjin"].down = False
    await home.until(lambda: home.sealer.standing.leading)
    [again] = await logged(home, given)
    assert (again.origin, again.index, again.leaf) == (NEXT, promised.index, promised.leaf)
    [new] = await logged(home, rows(1))
    assert (new.origin, new.index) == (NEXT, LOGGED + 1)


def test_an_older_image_signs_no_second_record_where_one_was_answered(town):
    async def test(t):
        given, promised = await imaged(t)
        image = await t.home("image", anchored=NOTHING)
        # Both mirrors agree about the closed log; only tianjin knows the last answer of the open one.
        assert (await image.start()).leading
        t.mirrors["tianjin"].down = True
        await refuses(t, image)
        await goes_on(t, image, given, promised)

    town(test)


def test_nor_does_one_that_was_killed_before_it_turned(town):
    """The lock that both mirrors made its own for the closed log still lacks what the open one promised."""

    async def test(t):
        given, promised = await imaged(t)
        image = await t.home("image", anchored=NOTHING)
        assert (await image.start()).leading
        await image.stop()
        t.mirrors["tianjin"].down = True
        image = await t.home("image", anchored=NOTHING)
        assert (await image.start()).code == "copies_missing"
        await refuses(t, image)
        await goes_on(t, image, given, promised)

    town(test)


def test_a_lost_disk_and_lock_come_back_after_a_turn(town):
    async def test(t):
        home, given, receipts = await turned(t)
        await home.stop()
        shutil.rmtree(home.folder)
        home = await t.home(anchored=NOTHING)
        assert (await home.start()).leading
        assert (await home.turn(CLOSED)).leading
        assert (await home.lock.read(NEXT)).head.size == LOGGED
        again = await logged(home, given)
        assert [one.leaf for one in again] == [one.leaf for one in receipts]
        await home.stop()
        # The lock counts for both logs again, so that one mirror is enough.
        t.mirrors["hebei"].down = True
        home = await t.led(anchored=NOTHING)
        assert (await home.turn(CLOSED)).leading
        assert [one.index for one in await logged(home, rows(1))] == [LOGGED]

    town(test)


@pytest.mark.parametrize("down", ["", "hebei", "tianjin"])
def test_a_running_node_turns_with_its_lock_and_one_mirror(town, down):
    async def test(t):
        home = await t.led(anchored=NOTHING)
        await logged(home, [first_row(), *rows(CLOSED - 1)])
        await held(home, CLOSED)
        leader = await home.lock.leader(HOME)
        if down:
            t.mirrors[down].down = True
        assert (await home.turn(CLOSED)).leading
        await logged(home, rows(LOGGED))
        for mirror in t.mirrors.values():
            mirror.down = False
        await held(home, LOGGED)
        # What was under way to a mirror names the leader, so that it stays the same.
        assert [await one.lock.leader(NEXT) for one in t.mirrors.values()] == [leader] * 2

    town(test)


def test_a_turn_ends_a_node_that_was_replaced(town):
    async def test(t):
        home = await t.led(anchored=NOTHING)
        await logged(home, [first_row(), *rows(CLOSED - 1)])
        await held(home, CLOSED)
        t.clone("home", "image")
        image = await t.led("image", anchored=NOTHING)
        with pytest.raises(Exception, match="leader_replaced"):
            await home.turn(CLOSED)
        assert (await image.turn(CLOSED)).leading
        await logged(image, rows(1))

    town(test)


def test_a_mirror_that_forgot_does_not_count_where_only_the_later_log_was_held(town):
    async def test(t):
        home = await t.led(anchored=NOTHING, alone=True)
        await logged(home, [first_row(), *rows(CLOSED - 1)])
        await home.stop()
        for mirror in t.mirrors.values():
            await mirror.lock.follow(NEXT, TOKEN)
            await mirror.lock.adopt(NEXT, NOTHING)
        shutil.rmtree(home.folder / "lock")
        t.forget("hebei")
        t.mirrors["tianjin"].restart()
        home = await t.home(anchored=NOTHING)
        standing = await home.start()
        assert standing.code == "copies_missing"
        assert "hebei has lost" in standing.detail

    town(test)
