"""Group commit: what is promised when, and what faults leave behind."""

import asyncio
import contextlib

import pytest

from ledger import tree
from ledger.errors import ConflictError, FatalError, UnavailableError
from ledger.sealing import ReceiptOut
from ledger.values import TreeHead
from tests.unit.sealing.harness import Given, check_receipt
from tests.unit.store.made_up import BEIJING, digest, statement


def rows(count, prefix="r"):
    return [statement(f"{prefix}{n}") for n in range(count)]


def codes(outcomes):
    return [getattr(one, "code", None) for one in outcomes]


def test_receipts_hold_across_groups_and_tile_borders(with_node):
    async def test(node):
        given = rows(600)
        receipts = []
        for start in (0, 1, 250, 257, 590):
            stop = {0: 1, 1: 250, 250: 257, 257: 590, 590: 600}[start]
            receipts += await node.submit(*given[start:stop])
        assert [one.index for one in receipts] == list(range(600))
        sizes = {check_receipt(one, row) for one, row in zip(receipts, given, strict=True)}
        assert sizes == {1, 250, 257, 590, 600}
        assert len(await node.store.tile_roots(BEIJING, 0, 0, 9)) == 2
        assert node.lock.heads[BEIJING] == TreeHead(600, await tree.root(node.store, BEIJING, 600))
        assert [row.id for row in node.sealed] == [row.id for row in given]

    with_node(test)


def test_a_group_is_no_larger_than_it_may_be(with_node):
    async def test(node):
        receipts = await node.submit(*rows(10))
        assert {check_receipt(one, row) for one, row in zip(receipts, rows(10), strict=True)} == {
            4,
            8,
            10,
        }

    with_node(test, max_group=4)


def test_commit_then_lock_then_signature(with_node):
    async def test(node):
        node.events.clear()
        await node.submit(*rows(3))
        await node.submit(*rows(2, "s"))
        assert node.events == [
            ("commit", 3), ("swap", 3), ("sign", 3), ("commit", 5), ("swap", 5), ("sign", 5),
        ]  # fmt: skip

    with_node(test)


def test_a_mixed_group_answers_each_for_itself(with_node):
    first = statement("a")
    other_bytes = statement("b", record=first.record)
    second = statement("a2", record=first.record, version=2, prev=first.id)
    lost = statement("c", version=2, prev=digest("nowhere"))

    async def test(node):
        outcomes = await node.submit(first, first, other_bytes, second, lost, statement("d"))
        assert codes(outcomes) == [None, None, "record_exists", None, "prev_unknown", None]
        assert outcomes[0] == outcomes[1]
        assert [outcomes[at].index for at in (0, 3, 5)] == [0, 1, 2]
        assert '"prev":0' in outcomes[3].leaf
        [again] = await node.submit(first)
        assert (again.index, again.received, again.leaf) == (
            0,
            outcomes[0].received,
            outcomes[0].leaf,
        )
        assert check_receipt(again, first) == 3

    with_node(test)


def test_a_repeat_that_intake_has_seen_needs_no_commit(with_node):
    async def test(node):
        [first] = await node.submit(statement("a"))
        await node.submit(statement("b"))
        node.events.clear()
        [found] = await node.store.statement(first.id)
        again = await node.sealer.submit(Given(found.statement, place=found))
        assert (again.index, check_receipt(again, found.statement)) == (0, 2)
        assert node.events == []

    with_node(test)


def test_received_never_decreases(with_node):
    async def test(node):
        times = []
        for now in (2_000_000, 1_000, 2_000_001):
            node.clock.time = now
            [one] = await node.submit(statement(f"t{now}"))
            times.append(one.received)
        assert times == [2_000_000, 2_000_000, 2_000_001]

    with_node(test)


def test_a_failed_commit_ends_the_process_and_acknowledges_nothing(with_node):
    async def test(node):
        await node.submit(*rows(2))
        node.events.clear()
        node.store.commit_error = FatalError("store_failed", "fsync")
        outcomes = await node.submit(*rows(3, "lost"))
        assert codes(outcomes) == ["seal_interrupted"] * 3
        with pytest.raises(FatalError, match="store_failed"):
            await node.running
        assert node.events == []
        assert node.lock.heads[BEIJING].size == 2
        with pytest.raises(UnavailableError, match="log_stopped"):
            await node.sealer.submit(Given(statement("later")))

    with_node(test)


def test_a_lock_that_moved_ends_the_process_and_signs_nothing(with_node):
    async def test(node):
        await node.submit(*rows(2))
        node.events.clear()
        node.lock.heads[BEIJING] = TreeHead(2, digest("another node"))
        assert codes(await node.submit(statement("x"))) == ["seal_interrupted"]
        with pytest.raises(FatalError, match="head_lock_moved"):
            await node.running
        assert node.events == [("commit", 3)]

    with_node(test)


def test_after_a_refusal_the_tree_is_read_anew(with_node):
    """A tree kept in memory after a rollback would sign a root that no stored leaves have."""

    async def test(node):
        await node.submit(*rows(2))
        node.store.commit_error = UnavailableError("store_unavailable", "disk full before commit")
        assert codes(await node.submit(*rows(3, "no"))) == ["store_unavailable"] * 3
        node.store.commit_error = None
        again = await node.submit(*rows(2, "yes"))
        assert [one.index for one in again] == [2, 3]
        for one, row in zip(again, rows(2, "yes"), strict=True):
            check_receipt(one, row)
        head = node.sealer.signed.head
        assert head.root == await tree.root(node.store, BEIJING, 4)

    with_node(test)


def test_a_constraint_that_only_the_database_sees_hits_its_own_statement(with_node):
    bad = statement("bad")

    def refuse(step):
        if any(row.id == bad.id for row in step.statements):
            return ConflictError("statement_conflict", "late")
        return None

    async def test(node):
        node.store.append_error = refuse
        outcomes = await node.submit(statement("a"), bad, statement("b"))
        assert codes(outcomes) == [None, "statement_conflict", None]
        assert [
            check_receipt(outcomes[0], statement("a")),
            check_receipt(outcomes[2], statement("b")),
        ] == [1, 2]
        assert await node.store.size(BEIJING) == 2

    with_node(test)


@pytest.mark.parametrize("when", ["before", "during"])
def test_a_client_that_hangs_up_stops_nobody(with_node, when):
    async def test(node):
        node.store.hold.clear()
        leaving = asyncio.create_task(node.sealer.submit(Given(statement("leaves"))))
        await asyncio.sleep(0)
        if when == "before":
            leaving.cancel()
        staying = asyncio.create_task(node.sealer.submit(Given(statement("stays"))))
        await node.store.committing.wait()
        leaving.cancel()
        node.store.hold.set()
        receipt = await staying
        with contextlib.suppress(asyncio.CancelledError):
            await leaving
        assert leaving.cancelled()
        assert receipt.index == (0 if when == "before" else 1)
        check_receipt(receipt, statement("stays"))
        [again] = await node.submit(statement("leaves"))
        assert again.index == (1 if when == "before" else 0)

    with_node(test)


def test_too_many_waiting_are_turned_away(with_node):
    async def test(node):
        node.store.hold.clear()
        outcomes = asyncio.gather(*(node.submit(row) for row in rows(4)))
        await asyncio.sleep(0)
        node.store.hold.set()
        outcomes = [one for [one] in await outcomes]
        assert codes(outcomes).count("sealing_full") == 2
        assert sum(isinstance(one, ReceiptOut) for one in outcomes) == 2

    with_node(test, max_waiting=2)


def test_a_contradiction_from_outside_stops_signing(with_node):
    async def test(node):
        await node.submit(statement("a"))
        node.events.clear()
        node.sealer.stop("chain_contradicts", "another root is anchored")
        assert codes(await node.submit(statement("b"))) == ["chain_contradicts"]
        assert node.events == []

    with_node(test)


def test_groups_of_many_clients_keep_every_promise(with_node):
    async def test(node):
        async def client(number):
            answers = []
            for turn in range(20):
                row = statement(f"c{number}-{turn}")
                answers.append((row, await node.sealer.submit(Given(row))))
            return answers

        answers = [pair for one in await asyncio.gather(*map(client, range(20))) for pair in one]
        assert sorted(receipt.index for _, receipt in answers) == list(range(400))
        for row, receipt in answers:
            check_receipt(receipt, row)
            assert (await node.store.leaf(BEIJING, receipt.index)).statement == row.id

    with_node(test)
