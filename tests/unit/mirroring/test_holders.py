"""A second holder before the answer: what is promised, what is not, and who leads."""

import asyncio
import shutil
from dataclasses import replace

import pytest

from ledger import failpoints, tree
from ledger.errors import FatalError, UnavailableError
from ledger.mirroring import held_by
from ledger.sealing import ReceiptOut
from ledger.values import TreeHead
from tests.unit.mirroring.holding import (
    HOME,
    CrashError,
    first_row,
    log_alone,
    rows,
)
from tests.unit.sealing.harness import Given


def codes(outcomes):
    return [getattr(one, "code", None) for one in outcomes]


def test_what_is_answered_is_held_by_both_mirrors_in_the_end(town):
    async def test(t):
        home = await t.led()
        given = [first_row(), *rows(3)]
        receipts = await home.submit(*given)
        assert all(isinstance(one, ReceiptOut) for one in receipts), receipts
        head = (await home.lock.read(HOME)).head
        assert head.size == 4
        assert any([await one.head() == head for one in t.mirrors.values()])
        await home.until(lambda: all(one.size == 4 for one in home.copies.status.mirrors.values()))
        for mirror in t.mirrors.values():
            await mirror.check_holds(given, 4)
            assert await mirror.store.evidence() == []
        assert home.copies.status.code is None

    town(test)


@pytest.mark.parametrize("down", ["hebei", "tianjin"])
def test_one_mirror_is_enough_and_the_other_catches_up_when_it_is_back(town, down):
    async def test(t):
        home = await t.led()
        await home.submit(first_row())
        t.mirrors[down].down = True
        given = rows(4)
        for row in given:
            assert codes(await home.submit(row)) == [None]
        up = next(one for name, one in t.mirrors.items() if name != down)
        await up.check_holds(given, 5)
        assert home.copies.status.mirrors[down].size < 5
        t.clock.turn(7)
        assert home.copies.status.mirrors[down].lag >= 7
        # Nothing new arrives: it is brought up all the same.
        t.mirrors[down].down = False
        await home.until(lambda: home.copies.status.mirrors[down].size == 5)
        await t.mirrors[down].check_holds(given, 5)
        assert home.copies.status.mirrors[down].lag == 0

    town(test)


def test_without_any_mirror_nothing_is_promised_until_one_is_back(town):
    async def test(t):
        home = await t.led()
        [promised] = await home.submit(first := first_row())
        for mirror in t.mirrors.values():
            mirror.down = True
        given = rows(2)
        outcomes = await home.submit(*given)
        assert codes(outcomes) == ["copies_missing"] * 2
        assert all(isinstance(one, UnavailableError) for one in outcomes)
        # Durable, but not promised: neither the lock nor a signature has moved.
        assert await home.store.size(HOME) == 3
        assert (await home.lock.read(HOME)).head.size == home.sealer.signed.head.size == 1
        standing = home.sealer.standing
        assert (standing.leading, standing.code) == (False, "copies_missing")
        # A repeat of what is not promised waits, one of what is promised does not; nothing new is taken.
        assert codes(await home.submit(given[0])) == ["checkpoint_missing"]
        [again] = await home.submit(first)
        assert (again.index, again.leaf) == (promised.index, promised.leaf)
        assert codes(await home.submit(*rows(1))) == ["copies_missing"]
        assert await home.store.size(HOME) == 3
        t.mirrors["hebei"].down = False
        await home.until(lambda: home.sealer.standing.leading)
        receipts = await home.submit(*given)
        assert sorted(one.index for one in receipts) == [1, 2]
        await t.mirrors["hebei"].check_holds([first, *given], 3)
        assert codes(await home.submit(*rows(1))) == [None]

    town(test)


def test_a_mirror_that_lost_its_lock_is_brought_up_again_and_the_leader_goes_on(town):
    async def test(t):
        home = await t.led()
        await home.submit(first_row())
        await home.until(lambda: all(one.size == 1 for one in home.copies.status.mirrors.values()))
        # Nobody else is left to hold what comes now.
        t.mirrors["tianjin"].down = True
        t.forget("hebei")
        given = rows(2)
        outcomes = await home.submit(*given)
        if codes(outcomes) == ["copies_missing"] * 2:
            await home.until(lambda: home.sealer.standing.leading)
            outcomes = await home.submit(*given)
        assert sorted(one.index for one in outcomes) == [1, 2]
        assert (await t.mirrors["hebei"].head()).size == 3
        assert home.copies.status.mirrors["hebei"].size == 3

    town(test)


def test_a_mixed_group_without_mirrors_answers_each_for_itself(town):
    """Only who got a new place has to come again."""

    async def test(t):
        home = await t.led()
        [known] = rows(1)
        await home.submit(first_row(), known)
        for mirror in t.mirrors.values():
            mirror.down = True
        [fresh] = rows(1)
        clash = replace(rows(1)[0], record=known.record)
        outcomes = await asyncio.gather(
            *(home.sealer.submit(Given(row)) for row in (known, clash, fresh)),
            return_exceptions=True,
        )
        assert codes(outcomes) == [None, "record_exists", "copies_missing"]

    town(test)


# --- faults between two steps

HOME_POINTS = (
    "seal.taken", "store.written", "store.committed", "seal.committed", "hold.sent", "seal.held",
    "seal.locked", "seal.signed", "seal.answered",
)  # fmt: skip
MIRROR_POINTS = ("mirror.read", "mirror.stored", "hold.stored", "hold.moved")


def strike(name: str, after: int = 0):
    """Raise once at the failpoint, when it is met the next time but ``after``."""
    left = [after]

    def hook(met: str) -> None:
        if met == name:
            left[0] -= 1
            if left[0] < 0:
                failpoints.listen(None)
                raise CrashError(name)

    return hook


async def killed(home) -> None:
    """The process is gone: its tasks end, whatever they were at."""
    await home.stop()


@pytest.mark.parametrize("point", [*HOME_POINTS, "lock.written", "lock.replaced", "lock.moved"])
def test_a_home_node_killed_anywhere_keeps_what_it_promised(town, point):
    async def test(t):
        home = await t.led()
        before = [first_row(), *rows(2)]
        promised = await home.submit(*before)
        [row] = rows(1)
        failpoints.listen(strike(point))
        asked = asyncio.create_task(home.submit(row))
        done, _ = await asyncio.wait(
            {asked, home.tasks.failed}, timeout=20, return_when=asyncio.FIRST_COMPLETED
        )
        assert done
        failpoints.listen(None)
        asked.cancel()
        await asyncio.gather(asked, return_exceptions=True)
        await killed(home)
        again = await t.home()
        await again.start()
        await again.until(lambda: again.sealer.standing.leading)
        [receipt] = await again.submit(row)
        assert receipt.index == 3
        repeats = await again.submit(*before)
        assert [one.leaf for one in repeats] == [one.leaf for one in promised]
        await again.until(
            lambda: all(one.size == 4 for one in again.copies.status.mirrors.values())
        )
        for mirror in t.mirrors.values():
            await mirror.check_holds([*before, row], 4)

    town(test)


@pytest.mark.parametrize("point", MIRROR_POINTS)
@pytest.mark.parametrize("alone", [False, True])
def test_a_mirror_killed_anywhere_holds_what_it_confirmed(town, point, alone):
    async def test(t):
        home = await t.led()
        await home.submit(first_row())
        await home.until(lambda: all(one.size == 1 for one in home.copies.status.mirrors.values()))
        t.mirrors["tianjin"].down = alone
        [row] = rows(1)
        failpoints.listen(strike(point))
        outcomes = await home.submit(row)
        failpoints.listen(None)
        # With the other mirror at hand nobody notices; else the author comes again.
        assert codes(outcomes) == (["copies_missing"] if alone else [None])
        await home.until(lambda: home.sealer.standing.leading)
        [receipt] = await home.submit(row)
        assert receipt.index == 1
        await home.until(lambda: home.copies.status.mirrors["hebei"].size == 2)
        await t.mirrors["hebei"].check_holds([row], 2)

    town(test)


def test_a_confirmation_that_is_lost_on_the_way_is_asked_for_again(town):
    async def test(t):
        home = await t.led()
        await home.submit(first_row())
        # Else the cut could strike the first head, which this mirror may still be taking in.
        await home.until(lambda: home.copies.status.mirrors["hebei"].size == 1)
        t.mirrors["tianjin"].down = True
        [peer] = [one for one in home.peers if one.region == "hebei"]

        async def cut():
            peer.after.clear()
            raise UnavailableError("peer_unavailable", "cut")

        peer.after["hold"] = cut
        [row] = rows(1)
        assert codes(await home.submit(row)) == ["copies_missing"]
        assert (await t.mirrors["hebei"].head()).size == 2
        assert (await home.lock.read(HOME)).head.size == 1
        await home.until(lambda: home.sealer.standing.leading)
        [receipt] = await home.submit(row)
        assert receipt.index == 1

    town(test)


def test_a_mirror_that_hangs_costs_a_time_out_and_not_the_node(town):
    async def test(t):
        home = await t.led(within=0.3)
        await home.submit(first_row())
        gate = asyncio.Event()
        for peer in home.peers:
            peer.before["hold"] = gate.wait
        [row] = rows(1)
        assert codes(await home.submit(row)) == ["copies_missing"]
        gate.set()
        await home.until(lambda: home.sealer.standing.leading)
        assert [one.index for one in await home.submit(row)] == [1]

    town(test)


def test_a_refusal_ends_the_node_even_where_the_other_mirror_agreed(town):
    async def test(t):
        home = await t.led()
        await home.submit(first_row())
        await home.until(lambda: all(one.size == 1 for one in home.copies.status.mirrors.values()))
        # Someone else moved this mirror's lock.
        await t.mirrors["tianjin"].lock.adopt(HOME, TreeHead(1, b"\x07" * 32))
        outcomes = await home.submit(*rows(1))
        assert codes(outcomes)[0] in {None, "seal_interrupted"}
        error = await home.ended()
        assert isinstance(error, FatalError)
        assert error.code == "head_moved"

    town(test)


# --- who leads


def test_a_node_with_its_own_lock_needs_one_mirror_and_at_first_both(town):
    async def test(t):
        t.mirrors["tianjin"].down = True
        home = await t.home()
        standing = await home.start()
        assert (standing.leading, standing.code) == (False, "copies_missing")
        assert codes(await home.submit(first := first_row())) == ["copies_missing"]
        assert await home.store.size(HOME) == 0
        t.mirrors["tianjin"].down = False
        await home.until(lambda: home.sealer.standing.leading)
        assert codes(await home.submit(first)) == [None]
        await home.stop()
        t.mirrors["hebei"].down = True
        again = await t.led()
        assert codes(await again.submit(*rows(1))) == [None]

    town(test)


def test_a_node_that_cannot_win_unseats_nobody(town):
    async def test(t):
        home, clone, _ = await cloned(t, older=False)
        t.mirrors["hebei"].down = True
        leader = await t.mirrors["tianjin"].lock.leader(HOME)
        assert (await clone.start()).code == "copies_missing"
        assert await t.mirrors["tianjin"].lock.leader(HOME) == leader
        assert codes(await home.submit(*rows(1))) == [None]

    town(test)


async def cloned(t, older: bool):
    """A clone beside the original; gives both, started."""
    home = await t.led()
    before = [first_row(), *rows(2)]
    await home.submit(*before)
    await home.until(lambda: all(one.size == 3 for one in home.copies.status.mirrors.values()))
    t.clone("home", "clone")
    if older:
        before += rows(1)
        await home.submit(before[-1])
        await home.until(lambda: all(one.size == 4 for one in home.copies.status.mirrors.values()))
    return home, await t.home("clone"), before


def test_a_first_start_killed_between_the_two_mirrors_is_only_a_start(town):
    async def test(t):
        first = await t.home()

        async def kill():
            raise CrashError("lead")

        first.peers[0].after["lead"] = kill
        with pytest.raises(CrashError):
            await first.start()
        await first.stop()
        followed = [await mirror.lock.leader(HOME) for mirror in t.mirrors.values()]
        assert sorted(map(bool, followed)) == [False, True]
        home = await t.led()
        assert codes(await home.submit(first_row())) == [None]

    town(test)


@pytest.mark.parametrize("step", ["held", "lead"])
def test_a_node_killed_while_it_asks_for_the_lead_still_has_its_lock(town, step):
    """Else one kill at the wrong moment would leave it waiting for both mirrors."""

    async def test(t):
        home = await t.led()
        await home.submit(first_row())
        await home.stop()
        again = await t.home()

        async def kill():
            raise CrashError(step)

        for peer in again.peers:
            peer.after[step] = kill
        with pytest.raises(CrashError):
            await again.start()
        await again.stop()
        for name in t.mirrors:
            for mirror in t.mirrors.values():
                mirror.down = mirror.region != name
            last = await t.led()
            assert codes(await last.submit(*rows(1))) == [None]
            await last.stop()

    town(test)


def test_a_clone_that_is_older_does_not_disturb_the_original(town):
    async def test(t):
        home, clone, _ = await cloned(t, older=True)
        assert (await clone.start()).code == "copies_ahead"
        assert codes(await clone.submit(*rows(1))) == ["copies_ahead"]
        assert await clone.store.size(HOME) == 3
        assert codes(await home.submit(*rows(1))) == [None]

    town(test)


def test_a_clone_that_is_as_new_takes_over_and_the_original_ends(town):
    async def test(t):
        home, clone, before = await cloned(t, older=False)
        assert (await clone.start()).leading
        theirs = await clone.submit(*rows(1))
        assert codes(theirs) == [None]
        outcomes = await home.submit(*rows(2))
        assert codes(outcomes) == ["seal_interrupted"] * 2
        error = await home.ended()
        assert (type(error), error.code) == (FatalError, "leader_replaced")
        assert home.sealer.signed.head.size == 3
        assert (await home.lock.read(HOME)).head.size == 3
        # Started again, the original sees that others went on without it.
        await home.stop()
        again = await t.home()
        standing = await again.start()
        assert standing.code in {"copies_ahead", "copies_fork"}
        assert codes(await clone.submit(*rows(1))) == [None]
        await clone.until(
            lambda: all(one.size == 5 for one in clone.copies.status.mirrors.values())
        )
        await t.mirrors["hebei"].check_holds(before, 5)

    town(test)


def test_the_lock_of_a_replaced_node_counts_no_more(town):
    """What its successor promised may stand at the other mirror only."""

    async def test(t):
        home, clone, _ = await cloned(t, older=False)
        await home.stop()
        assert (await clone.start()).leading
        t.mirrors["hebei"].down = True
        assert codes(await clone.submit(*rows(1))) == [None]
        await clone.stop()
        t.mirrors["hebei"].down, t.mirrors["tianjin"].down = False, True
        again = await t.home()
        assert (await again.start()).code == "copies_missing"
        t.mirrors["tianjin"].down = False
        await again.until(lambda: again.sealer.standing.code == "copies_ahead")

    town(test)


@pytest.mark.parametrize("seed", range(6))
def test_of_two_that_start_at_once_exactly_one_goes_on(town, seed):
    async def test(t):
        home, clone, _ = await cloned(t, older=False)
        await home.stop()
        both = [await t.home(), clone]
        for at, node in enumerate(both):
            for peer in node.peers:
                for name in ("held", "lead"):
                    peer.before[name] = _pause((seed + 1) * (at + 1) % 4)
        standings = await asyncio.gather(*(node.start() for node in both), return_exceptions=True)
        assert any(getattr(one, "leading", False) for one in standings), standings
        given = rows(2)
        outcomes = await asyncio.gather(
            *(node.submit(row) for node, row in zip(both, given, strict=True))
        )
        won = [at for at, [one] in enumerate(outcomes) if isinstance(one, ReceiptOut)]
        assert len(won) == 1, (standings, outcomes)
        winner, loser = both[won[0]], both[1 - won[0]]
        lost = standings[1 - won[0]]
        if not isinstance(lost, FatalError):
            lost = await loser.ended()
        assert getattr(lost, "code", lost) == "leader_replaced"
        # One history: what was promised is what both mirrors hold.
        heads = [await mirror.head() for mirror in t.mirrors.values()]
        promised = winner.sealer.signed.head
        assert promised in heads
        for mirror in t.mirrors.values():
            held = await mirror.head()
            assert held.root == await tree.root(winner.store, HOME, held.size)
        assert not winner.tasks.failed.done()

    town(test)


def _pause(turns):
    async def pause():
        for _ in range(turns):
            await asyncio.sleep(0.002)

    return pause


def test_a_lost_lock_is_brought_back_by_both_mirrors_and_not_by_one(town):
    async def test(t):
        home = await t.led()
        before = [first_row(), *rows(2)]
        promised = await home.submit(*before)
        await home.until(lambda: all(one.size == 3 for one in home.copies.status.mirrors.values()))
        await home.stop()
        shutil.rmtree(home.folder / "lock")
        t.mirrors["hebei"].down = True
        again = await t.home()
        assert (await again.start()).code == "copies_missing"
        t.mirrors["hebei"].down = False
        await again.until(lambda: again.sealer.standing.leading)
        assert (await again.lock.read(HOME)).head.size == 3
        assert [one.leaf for one in await again.submit(*before)] == [one.leaf for one in promised]
        await again.stop()
        # It counts as a holder again, so that one mirror is enough.
        t.mirrors["hebei"].down = True
        await t.led()

    town(test)


def test_how_far_each_mirror_holds_a_log_can_be_asked(town):
    """Where leaves that were lost here can be fetched from."""

    async def test(t):
        home = await t.led()
        await home.submit(first_row(), *rows(2))
        await home.until(lambda: all(one.size == 3 for one in home.copies.status.mirrors.values()))
        held = await held_by(home.peers, HOME, home.tasks)
        assert {name: one.head.size for name, one in held.items()} == {"hebei": 3, "tianjin": 3}
        assert all(one.stored == one.head for one in held.values())
        t.mirrors["hebei"].down = True
        assert list(await held_by(home.peers, HOME, home.tasks)) == ["tianjin"]

    town(test)


def test_a_lost_disk_is_no_new_log(town):
    """Database and lock are gone: the mirrors hold what was promised, so nothing is begun anew."""

    async def test(t):
        home = await t.led()
        await home.submit(first_row(), *rows(2))
        await home.until(lambda: all(one.size == 3 for one in home.copies.status.mirrors.values()))
        await home.stop()
        shutil.rmtree(home.folder)
        again = await t.home()
        assert (await again.start()).code == "copies_ahead"
        assert codes(await again.submit(*rows(1))) == ["copies_ahead"]
        assert await again.store.size(HOME) == 0

    town(test)


def test_a_mirror_that_forgot_whom_it_followed_does_not_count_beside_a_lost_lock(town):
    async def test(t):
        home = await t.led()
        await home.submit(first_row())
        await home.stop()
        shutil.rmtree(home.folder / "lock")
        t.forget("hebei")
        again = await t.home()
        standing = await again.start()
        assert standing.code == "copies_missing"
        assert "hebei has lost" in standing.detail

    town(test)


def test_a_log_from_before_there_were_copies_is_led_by_its_lock_and_held_from_then_on(town):
    async def test(t):
        before = [first_row(), *rows(1)]
        plain = await t.home()
        await log_alone(plain, before)
        await plain.stop()
        home = await t.led()
        await home.until(lambda: all(one.size == 2 for one in home.copies.status.mirrors.values()))
        for mirror in t.mirrors.values():
            await mirror.check_holds(before, 2)
        await home.stop()
        # The same without its lock: nobody else remembers what was promised.
        shutil.rmtree(home.folder / "lock")
        for name in t.mirrors:
            t.forget(name)
        again = await t.home()
        assert (await again.start()).code == "head_lock_missing"

    town(test)


# --- mirrors that are behind, ahead or contradict


def test_a_mirror_that_is_far_behind_is_brought_up_in_bounded_steps(town):
    async def test(t):
        home = await t.led(within=120)
        t.mirrors["hebei"].down = True
        given = [first_row(), *rows(1100)]
        for at in range(0, len(given), 400):
            assert set(codes(await home.submit(*given[at : at + 400]))) == {None}
        [peer] = [one for one in home.peers if one.region == "hebei"]
        peer.steps.clear()
        t.mirrors["hebei"].down = False
        await home.until(lambda: home.copies.status.mirrors["hebei"].size == 1101, 60)
        assert max(len(one.leaves) for one in peer.steps) <= 512
        assert len(peer.steps) >= 3
        await t.mirrors["hebei"].check_holds(given, 1101)

    town(test)


def test_what_a_mirror_has_fetched_by_itself_is_not_sent_again(town):
    async def test(t):
        home = await t.led()
        t.mirrors["hebei"].down = True
        given = [first_row(), *rows(3)]
        await home.submit(*given)
        hebei = t.mirrors["hebei"]
        hebei.home_feed = home.feed.read
        t.clock.turn(3)
        assert await hebei.mirror.step() == 4
        hebei.home_feed = None
        [peer] = [one for one in home.peers if one.region == "hebei"]
        peer.steps.clear()
        hebei.down = False
        await home.until(lambda: home.copies.status.mirrors["hebei"].size == 4)
        assert [len(one.leaves) for one in peer.steps] == [0]
        await hebei.check_holds(given, 4)

    town(test)


def test_a_mirror_ahead_of_a_node_that_leads_ends_it(town):
    """It was silent at the start; a leaf that was promised by nobody here stands there."""

    async def test(t):
        home, clone, _ = await cloned(t, older=False)
        t.mirrors["hebei"].down = True
        await home.submit(*rows(1))
        await home.stop()
        t.mirrors["hebei"].down, t.mirrors["tianjin"].down = False, True
        # A lock whose database went back to a copy, and the mirror with the newer leaf is silent.
        shutil.copy(clone.folder / "db", home.folder / "db")
        for beside in ("db-wal", "db-shm"):
            (home.folder / beside).unlink(missing_ok=True)
        again = await t.home()
        assert (await again.start()).code == "head_lock_ahead"

    town(test)


def test_a_home_node_with_another_history_is_refused_and_leaves_evidence(town):
    async def test(t):
        home, clone, _ = await cloned(t, older=False)
        await clone.stop()
        await home.stop()
        # Both mirrors hold what the home node's database has in another order.
        other = await t.home("other")
        await log_alone(other, [first_row(), *rows(4)])
        await other.stop()
        again = await t.home("other")
        assert (await again.start()).code == "copies_fork"
        [(kind, subject, body, _)] = await again.store.evidence("fork")
        assert (kind, subject) == ("fork", str(HOME))
        assert "hebei" in body

    town(test)
