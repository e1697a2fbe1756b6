"""Sealing with other holders: what is asked of them when, and what goes on while they do not answer."""

import asyncio

import pytest

from ledger import tree
from ledger.errors import FatalError, UnavailableError
from ledger.merkle.hashing import EMPTY_ROOT
from ledger.ports import CopiesStatus
from ledger.values import TreeHead
from tests.unit.sealing.harness import NEXT, Given, LoudKey, MemoryLock, check_receipt, node_on
from tests.unit.store.made_up import BEIJING, digest, statement

MISSING = UnavailableError("copies_missing", "nobody there")


class OrderedCopies:
    """ports.Copies that answers as it is told to and keeps the order of what it was asked."""

    def __init__(self, events) -> None:
        self.events = events
        self.lead_error: Exception | None = None
        self.hold_error: Exception | None = None
        self.late: Exception | None = None
        self.cure = None

    @property
    def status(self) -> CopiesStatus:
        return CopiesStatus(1)

    def check(self) -> None:
        if self.late is not None:
            raise self.late

    async def lead(self, origin, head) -> None:
        self.events.append(("lead", head.size))
        if self.lead_error is not None:
            raise self.lead_error
        if self.cure is not None:
            await self.cure()

    async def hold(self, origin, head) -> None:
        if self.hold_error is not None:
            raise self.hold_error
        self.events.append(("hold", head.size))


def rows(count, prefix="r"):
    return [statement(f"{prefix}{n}") for n in range(count)]


def codes(outcomes):
    return [getattr(one, "code", None) for one in outcomes]


def run(tmp_path, test, **how):
    async def whole():
        lock = how.pop("lock", None) or MemoryLock()
        copies = OrderedCopies(lock.events)
        how.get("prepare", lambda _: None)(copies)
        how.pop("prepare", None)
        async with node_on(tmp_path / "db", lock, copies=copies, **how) as node:
            retrying = asyncio.create_task(node.sealer.retry())
            try:
                await test(node, copies)
            finally:
                retrying.cancel()
                await asyncio.gather(retrying, return_exceptions=True)

    asyncio.run(whole())


async def until(holds) -> None:
    async with asyncio.timeout(20):
        while not holds():
            await asyncio.sleep(0)


def test_commit_then_the_others_then_the_lock_then_the_signature(tmp_path):
    async def test(node, copies):
        assert node.events == [("lead", 0), ("hold", 0), ("swap", 0), ("sign", 0)]
        node.events.clear()
        await node.submit(*rows(3))
        assert node.events == [("commit", 3), ("hold", 3), ("swap", 3), ("sign", 3)]

    run(tmp_path, test)


def test_what_is_not_held_is_neither_locked_nor_signed_until_it_is(tmp_path):
    async def test(node, copies):
        await node.submit(*rows(2))
        node.events.clear()
        copies.hold_error = MISSING
        assert codes(await node.submit(*rows(2, "s"))) == ["copies_missing"] * 2
        assert node.events == [("commit", 4)]
        assert [row.id for row in node.sealed[2:]] == [row.id for row in rows(2, "s")]
        assert (node.sealer.standing.leading, node.sealer.standing.code) == (
            False,
            "copies_missing",
        )
        assert codes(await node.submit(*rows(1, "t"))) == ["copies_missing"]
        [found] = await node.store.statement(rows(1, "s")[0].id)
        with pytest.raises(UnavailableError, match="checkpoint_missing"):
            await node.sealer.submit(Given(found.statement, place=found))
        copies.hold_error = None
        await until(lambda: node.sealer.standing.leading)
        assert node.events[-3:] == [("hold", 4), ("swap", 4), ("sign", 4)]
        receipt = await node.sealer.submit(Given(found.statement, place=found))
        assert (receipt.index, check_receipt(receipt, found.statement)) == (2, 4)
        # The tree in memory was read anew.
        [more] = await node.submit(*rows(1, "t"))
        assert check_receipt(more, rows(1, "t")[0]) == 5

    run(tmp_path, test)


@pytest.mark.parametrize("code", ["leader_replaced", "head_moved", "copies_fork"])
def test_who_knows_better_ends_the_process(tmp_path, code):
    async def test(node, copies):
        node.events.clear()
        copies.hold_error = FatalError(code, "another node leads")
        assert codes(await node.submit(*rows(1))) == ["seal_interrupted"]
        with pytest.raises(FatalError, match=code):
            await node.running
        assert node.events == [("commit", 1)]

    run(tmp_path, test)


@pytest.mark.parametrize("code", ["copies_missing", "copies_ahead"])
def test_a_node_that_may_not_lead_yet_serves_and_asks_again(tmp_path, code):
    def prepare(copies):
        copies.lead_error = UnavailableError(code, "not yet")

    async def test(node, copies):
        assert node.sealer.standing.code == code
        assert codes(await node.submit(*rows(1))) == [code]
        assert not [one for one in node.events if one[0] in {"swap", "sign", "commit"}]
        copies.lead_error = None
        await until(lambda: node.sealer.standing.leading)
        assert codes(await node.submit(*rows(1))) == [None]

    run(tmp_path, test, prepare=prepare)


def test_a_contradiction_is_not_asked_away(tmp_path):
    def prepare(copies):
        copies.lead_error = UnavailableError("copies_fork", "another history")

    async def test(node, copies):
        assert node.sealer.standing.code == "copies_fork"
        asked = node.events.count(("lead", 0))
        copies.lead_error = None
        for _ in range(50):
            await asyncio.sleep(0)
        assert node.events.count(("lead", 0)) == asked
        assert node.sealer.standing.code == "copies_fork"

    run(tmp_path, test, prepare=prepare)


def test_a_lock_that_is_ahead_asks_nobody(tmp_path):
    """What was promised is more than this log has: no other holder can make that right."""
    lock = MemoryLock(heads={BEIJING: TreeHead(9, digest("nine"))})

    async def test(node, copies):
        assert node.sealer.standing.code == "head_lock_ahead"
        assert node.events == []

    run(tmp_path, test, lock=lock)


@pytest.mark.parametrize("torn", [True, False])
def test_the_others_can_bring_a_lost_lock_back(tmp_path, torn):
    async def first(node, copies):
        await node.submit(*rows(3))

    run(tmp_path, first)
    lock = MemoryLock(torn={BEIJING} if torn else set())

    async def test(node, copies):
        code = "head_lock_torn" if torn else "head_lock_missing"
        assert node.sealer.standing.code == code
        head = TreeHead(2, await tree.root(node.store, BEIJING, 2))

        async def cure():
            await lock.adopt(BEIJING, head)

        copies.cure = cure
        assert (await node.sealer.resume()).leading
        assert lock.heads[BEIJING].size == 3

    run(tmp_path, test, lock=lock)


@pytest.mark.parametrize("when", ["at the turn", "while logging again"])
def test_an_epoch_turn_that_finds_nobody_is_finished_when_they_are_back(tmp_path, when):
    async def test(node, copies):
        given = rows(600)
        await node.submit(*given)
        closing = TreeHead(50, await tree.root(node.store, BEIJING, 50))
        if when == "at the turn":
            copies.hold_error = MISSING
        else:
            hold = copies.hold

            async def once(origin, head):
                if head.size:
                    copies.hold = hold
                    copies.hold_error = MISSING
                await hold(origin, head)

            copies.hold = once
        standing = await node.sealer.turn(closing, NEXT, LoudKey(NEXT, node.events))
        assert (standing.leading, standing.code) == (False, "copies_missing")
        assert codes(await node.submit(*rows(1, "new"))) == ["copies_missing"]
        copies.hold_error = None
        await until(lambda: node.sealer.standing.leading)
        [receipt] = await node.submit(*rows(1, "new"))
        assert (receipt.origin, receipt.index) == (NEXT, 550)
        # All that lay beyond the closing size stands in the next epoch, in its order, and once.
        found = await node.store.found(NEXT, 0, 550)
        assert [one.statement.id for one in found] == [row.id for row in given[50:]]

    run(tmp_path, test)


def test_late_copies_close_intake_for_what_is_new_and_waits(tmp_path):
    async def test(node, copies):
        await node.submit(*rows(1))
        copies.late = UnavailableError("copies_late", "nobody copies", 5)
        assert codes(await node.submit(*rows(1, "s"))) == ["copies_late"]
        assert await node.store.size(BEIJING) == 1
        copies.late = None
        assert codes(await node.submit(*rows(1, "s"))) == [None]

    run(tmp_path, test)


def test_a_first_start_has_even_the_empty_log_held(tmp_path):
    def prepare(copies):
        copies.hold_error = MISSING

    async def test(node, copies):
        assert node.sealer.standing.code == "copies_missing"
        assert BEIJING not in node.lock.heads
        copies.hold_error = None
        await until(lambda: node.sealer.standing.leading)
        assert node.lock.heads[BEIJING] == TreeHead(0, EMPTY_ROOT)

    run(tmp_path, test, prepare=prepare)
