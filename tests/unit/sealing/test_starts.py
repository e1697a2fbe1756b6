"""Start states (DESIGN D3), adopting a head, and the epoch turn."""

import asyncio
import re
import shutil
import sqlite3
from dataclasses import replace

import pytest

from ledger import tree
from ledger.errors import ConflictError, UnavailableError
from ledger.keys.demo import demo_log_key
from ledger.merkle.checkpoint import Checkpoint, sign_checkpoint
from ledger.merkle.hashing import EMPTY_ROOT
from ledger.ports import AnchorRow
from ledger.sealing.receipts import closing_name
from ledger.values import AnchorFacts, Millis, TreeHead
from tests.unit.sealing.harness import (
    NEXT,
    Given,
    HandClock,
    LoudKey,
    MemoryLock,
    check_receipt,
    node_on,
)
from tests.unit.store.made_up import BEIJING, digest, put, statement, step


def rows(count, prefix="r"):
    return [statement(f"{prefix}{n}") for n in range(count)]


def copy_database(source, target):
    for name in ("", "-wal", "-shm"):
        file = source.with_name(source.name + name)
        if file.exists():
            shutil.copy(file, target.with_name(target.name + name))


def test_an_empty_log_takes_the_lock_at_once(tmp_path):
    """Else a crash between first commit and first swap would look like a lost lock."""

    async def test():
        async with node_on(tmp_path / "db") as node:
            assert node.sealer.standing.leading
            assert node.lock.heads[BEIJING] == TreeHead(0, EMPTY_ROOT)

    asyncio.run(test())


@pytest.mark.parametrize("behind", [0, 1, 3])
def test_a_lock_at_or_behind_the_log_is_moved_and_the_same_head_signed(tmp_path, behind):
    async def test():
        lock = MemoryLock()
        async with node_on(tmp_path / "db", lock) as node:
            await node.submit(*rows(5))
            note = node.sealer.newest_signed(BEIJING)
            head = TreeHead(5 - behind, await tree.root(node.store, BEIJING, 5 - behind))
        lock.heads[BEIJING] = head
        async with node_on(tmp_path / "db", lock) as node:
            assert node.sealer.newest_signed(BEIJING) == note
            assert node.sealer.newest_signed(NEXT) is None
            assert lock.heads[BEIJING].size == 5
            [receipt] = await node.submit(statement("next"))
            assert check_receipt(receipt, statement("next")) == 6

    asyncio.run(test())


async def read_only(node, code):
    assert not node.sealer.standing.leading
    assert re.fullmatch(code, node.sealer.standing.code)
    assert node.sealer.signed is None
    with pytest.raises(UnavailableError, match=code):
        await node.sealer.submit(Given(statement("new")))


@pytest.mark.file
def test_a_database_restored_from_a_copy_is_read_only(tmp_path):
    async def test():
        lock = MemoryLock()
        async with node_on(tmp_path / "db", lock) as node:
            await node.submit(*rows(2))
        copy_database(tmp_path / "db", tmp_path / "backup")
        async with node_on(tmp_path / "db", lock) as node:
            await node.submit(*rows(2, "later"))
        lock.events.clear()
        async with node_on(tmp_path / "backup", lock) as node:
            await read_only(node, "head_lock_ahead")
            # The copy grows by other means to the same size: still not the log that was promised.
            await put(node.store, step(BEIJING, 2, rows(3, "fork")))
            await node.sealer.resume()
            await read_only(node, "head_lock_fork")
            assert {name for name, _ in lock.events} <= {"commit"}

    asyncio.run(test())


def alter(path, statement):
    with sqlite3.connect(path) as sql:
        assert sql.execute(statement).rowcount > 0
    sql.close()


ALTERED = {
    "a tile is gone": "DELETE FROM tile",
    "a tile's root is text": "UPDATE tile SET root = 'text'",
    "a leaf is gone": 'DELETE FROM leaf WHERE "index" = 257',
    "a leaf's hash is another": 'UPDATE leaf SET hash = zeroblob(32) WHERE "index" = 257',
}


@pytest.mark.file
@pytest.mark.parametrize("name", ALTERED)
def test_a_tree_altered_in_the_database_is_read_only_until_it_is_mended(tmp_path, name):
    async def test():
        lock = MemoryLock()
        async with node_on(tmp_path / "db", lock) as node:
            await node.submit(*rows(260))
        shutil.copy(tmp_path / "db", tmp_path / "mended")
        alter(tmp_path / "db", ALTERED[name])
        held = dict(lock.heads)
        async with node_on(tmp_path / "db", lock) as node:
            await read_only(node, "log_unreadable|head_lock_fork|row_unreadable")
        assert lock.heads == held
        async with node_on(tmp_path / "mended", lock) as node:
            [receipt] = await node.submit(statement("next"))
            assert check_receipt(receipt, statement("next")) == 261

    asyncio.run(test())


@pytest.mark.parametrize(("torn", "code"), [(True, "head_lock_torn"), (False, "head_lock_missing")])
def test_without_a_lock_the_log_is_read_only_until_a_head_is_adopted(tmp_path, torn, code):
    async def test():
        async with node_on(tmp_path / "db") as node:
            await node.submit(*rows(5))
            roots = {n: await tree.root(node.store, BEIJING, n) for n in range(6)}
        lock = MemoryLock(torn={BEIJING} if torn else set())
        async with node_on(tmp_path / "db", lock) as node:
            await read_only(node, code)
            good = TreeHead(4, roots[4])
            for chain, mirrors in [
                (good, [good]),
                (TreeHead(6, digest("?")), [good, good]),
                (good, [good, TreeHead(6, digest("?"))]),
                (good, [TreeHead(3, digest("?")), good]),
            ]:
                with pytest.raises(ConflictError, match="adopt_refused"):
                    await node.sealer.adopt(chain, mirrors)
                await read_only(node, code)
            standing = await node.sealer.adopt(
                TreeHead(0, EMPTY_ROOT), [good, TreeHead(5, roots[5])]
            )
            assert standing.leading
            [receipt] = await node.submit(statement("next"))
            assert check_receipt(receipt, statement("next")) == 6

    asyncio.run(test())


def test_beside_another_database_the_log_is_read_only_until_its_head_is_adopted(tmp_path):
    async def test():
        lock = MemoryLock()
        async with node_on(tmp_path / "db", lock) as node:
            await node.submit(*rows(5))
            head = TreeHead(5, await tree.root(node.store, BEIJING, 5))
        for torn in (set(), {BEIJING}):
            lock = MemoryLock({BEIJING: head}, torn, moved=True)
            async with node_on(tmp_path / "db", lock) as node:
                await read_only(node, "store_moved")
                with pytest.raises(ConflictError, match="adopt_refused"):
                    await node.sealer.adopt(head, [head, TreeHead(6, digest("?"))])
                await read_only(node, "store_moved")
                assert (await node.sealer.adopt(head, [head, head])).leading
                [receipt] = await node.submit(statement("next"))
                assert check_receipt(receipt, statement("next")) == 6

    asyncio.run(test())


@pytest.mark.parametrize("moved", [True, False])
def test_a_head_that_was_promised_is_never_adopted_away(tmp_path, moved):
    """Authors hold receipts under it, though neither chain nor mirrors have seen it."""

    async def test():
        async with node_on(tmp_path / "db") as node:
            await node.submit(*rows(5))
            roots = {n: await tree.root(node.store, BEIJING, n) for n in range(6)}
        seen = TreeHead(3, roots[3])
        for promised in (TreeHead(6, digest("lost")), TreeHead(4, digest("other"))):
            lock = MemoryLock({BEIJING: promised}, moved=moved)
            async with node_on(tmp_path / "db", lock) as node:
                with pytest.raises(ConflictError, match="adopt_refused: head_lock_"):
                    await node.sealer.adopt(seen, [seen, seen])
                assert not node.sealer.standing.leading
                assert lock.heads[BEIJING] == promised

    asyncio.run(test())


def test_a_torn_lock_beside_an_empty_log_means_a_lost_log(tmp_path):
    async def test():
        async with node_on(tmp_path / "db", MemoryLock(torn={BEIJING})) as node:
            await read_only(node, "head_lock_torn")

    asyncio.run(test())


def test_nothing_is_taken_before_the_start_or_without_a_key(tmp_path):
    async def test():
        async with node_on(tmp_path / "db", resume=False) as node:
            await read_only(node, "log_not_started")
            node.sealer._signer = None
            await node.sealer.resume()
            await read_only(node, "log_key_missing")

    asyncio.run(test())


async def turned(node, size):
    """Close the log at that size and turn."""
    head = TreeHead(size, await tree.root(node.store, BEIJING, size))
    return await node.sealer.turn(head, NEXT, LoudKey(NEXT, node.events))


def test_an_epoch_turn_in_the_middle_of_posting(tmp_path):
    given = rows(10)
    amended = statement("v2", record=given[1].record, version=2, prev=given[1].id)
    twice = statement("v3", record=given[1].record, version=3, prev=amended.id)

    async def test():
        async with node_on(tmp_path / "db") as node:
            old = await node.submit(*given, amended)
            node.store.hold.clear()
            node.store.committing.clear()
            closing = TreeHead(7, await tree.root(node.store, BEIJING, 7))
            waiting = asyncio.create_task(node.submit(*rows(4, "w"), twice))
            await node.store.committing.wait()
            turning = asyncio.create_task(
                node.sealer.turn(closing, NEXT, LoudKey(NEXT, node.events))
            )
            late = asyncio.create_task(node.submit(*rows(3, "late")))
            await asyncio.sleep(0.01)
            node.store.hold.set()
            assert (await turning).leading
            await waiting
            new = await late
            # Leaves 7 to 15 of the closed log first, in their order, then what waited.
            names = [given[7], given[8], given[9], amended, *rows(4, "w"), twice, *rows(3, "late")]
            leaves = await node.store.leaves(NEXT, 0, 99)
            assert [leaf.statement for leaf in leaves] == [row.id for row in names]
            assert [leaf.prev_index for leaf in leaves] == [-1] * 8 + [3] + [-1] * 3
            assert [one.index for one in new] == [9, 10, 11]
            assert all(one.origin == NEXT for one in new)
            # A repeat gives the new place, or the old one with a proof under the closing head.
            [seven, three] = await node.submit(given[7], given[3])
            assert (seven.origin, seven.index) == (NEXT, 0)
            assert (three.origin, three.index, three.leaf) == (BEIJING, 3, old[3].leaf)
            assert check_receipt(seven, given[7]) == 12
            assert check_receipt(three, given[3]) == 7
            # Versions go on across the turn.
            v2 = statement("x2", record=given[2].record, version=2, prev=given[2].id)
            [receipt] = await node.submit(v2)
            assert '"prev":-1' in receipt.leaf

    asyncio.run(test())


def test_a_turn_that_crashed_is_finished_by_the_next_start(tmp_path):
    async def test():
        lock = MemoryLock()
        async with node_on(tmp_path / "db", lock) as node:
            await node.submit(*rows(6))
            await node.stop()
            await put(node.store, step(NEXT, 0, []))
            lock.heads[NEXT] = TreeHead(0, EMPTY_ROOT)
            again = step(NEXT, 0, rows(6)[2:4], received=2_000_000)
            await put(node.store, type(again)(NEXT, 0, (), again.leaves, ()))
        for _ in range(2):
            async with node_on(tmp_path / "db", lock) as node:
                assert (await turned(node, 2)).leading
                assert (await turned(node, 2)).leading
                leaves = await node.store.leaves(NEXT, 0, 99)
                assert [leaf.statement for leaf in leaves] == [row.id for row in rows(6)[2:]]
                assert lock.heads[NEXT].size == 4

    asyncio.run(test())


class Untold(HandClock):
    """Nobody has told the time since the start."""

    def now(self):
        raise UnavailableError("clock_departed", "not yet")


def test_a_start_with_nothing_to_log_again_leads_before_the_time_is_known(tmp_path):
    async def test():
        lock = MemoryLock()
        async with node_on(tmp_path / "db", lock) as node:
            await node.submit(*rows(4))
            assert (await turned(node, 2)).leading
        async with node_on(tmp_path / "db", lock, Untold()) as node:
            assert (await turned(node, 2)).leading
            assert await node.store.size(NEXT) == 2

    asyncio.run(test())


OF_OPEN, OF_CLOSED = f"origin = '{NEXT}'", f"origin = '{BEIJING}'"
ALTERED_OPEN = [
    f"DELETE FROM tile WHERE {OF_OPEN}",
    f"UPDATE tile SET root = 'text' WHERE {OF_OPEN}",
    f'DELETE FROM leaf WHERE {OF_OPEN} AND "index" = 257',
]
ALTERED_CLOSED = [
    f"DELETE FROM tile WHERE {OF_CLOSED}",
    f"UPDATE tile SET root = 'text' WHERE {OF_CLOSED}",
    f'DELETE FROM leaf WHERE {OF_CLOSED} AND "index" = 257',
    f'DELETE FROM leaf WHERE {OF_CLOSED} AND "index" = 300',
]


@pytest.mark.file
@pytest.mark.parametrize("altered", ALTERED_OPEN)
def test_after_a_turn_an_altered_open_log_is_read_only_until_it_is_mended(tmp_path, altered):
    async def test():
        lock = MemoryLock()
        async with node_on(tmp_path / "db", lock) as node:
            await node.submit(*rows(3))
            head = TreeHead(3, await tree.root(node.store, BEIJING, 3))
            assert (await turned(node, 3)).leading
            await node.submit(*rows(260, "new"))
        shutil.copy(tmp_path / "db", tmp_path / "mended")
        alter(tmp_path / "db", altered)
        held = dict(lock.heads)
        async with node_on(tmp_path / "db", lock) as node:
            standing = await node.sealer.turn(head, NEXT, LoudKey(NEXT, node.events))
            assert (node.sealer.origin, standing.code) == (NEXT, "log_unreadable")
            await read_only(node, "log_unreadable")
            assert (await turned(node, 3)).code == "log_unreadable"
        assert lock.heads == held
        async with node_on(tmp_path / "mended", lock) as node:
            assert (await turned(node, 3)).leading
            [receipt] = await node.submit(statement("next"))
            assert check_receipt(receipt, statement("next")) == 261

    asyncio.run(test())


@pytest.mark.file
@pytest.mark.parametrize("key", ["held", "lost"])
@pytest.mark.parametrize("altered", ALTERED_CLOSED)
def test_an_altered_closed_log_keeps_the_next_from_being_led_only_before_the_turn(
    tmp_path, altered, key
):
    """Before it nobody has compared the closing head; after it all that was promised stands in the next."""

    async def test():
        lock = MemoryLock()
        async with node_on(tmp_path / "db", lock) as node:
            await node.submit(*rows(302))
            head = TreeHead(260, await tree.root(node.store, BEIJING, 260))
        shutil.copy(tmp_path / "db", tmp_path / "whole")
        shutil.copy(tmp_path / "db", tmp_path / "before")
        alter(tmp_path / "before", altered)

        async def turn(node):
            if key == "lost":
                node.sealer._signer = None
                await node.sealer.resume()
            return await node.sealer.turn(head, NEXT, LoudKey(NEXT, node.events))

        async with node_on(tmp_path / "before", MemoryLock(dict(lock.heads))) as node:
            assert (await turn(node)).code == "log_unreadable"
            assert not node.sealer.standing.leading
            assert await node.store.get_meta(closing_name(BEIJING)) is None
            assert await node.store.size(NEXT) == 0
        async with node_on(tmp_path / "whole", lock) as node:
            assert (await turn(node)).leading
            size = await node.store.size(NEXT)
            assert size == {"held": 42, "lost": 302}[key]
        alter(tmp_path / "whole", altered)
        lock.events.clear()
        async with node_on(tmp_path / "whole", lock) as node:
            assert (await turn(node)).leading
            assert await node.store.size(NEXT) == size
            [receipt] = await node.submit(statement("next"))
            assert check_receipt(receipt, statement("next")) == size + 1
            # Nothing of the closed log, whose head cannot be computed here any more.
            assert [one for one in lock.events if one[0] == "sign"] == [
                ("sign", size),
                ("sign", size + 1),
            ]

    asyncio.run(test())


@pytest.mark.file
@pytest.mark.parametrize("doubt", ["torn", "moved", "crashed"])
def test_an_altered_closed_log_is_not_left_on_a_lock_that_proves_nothing(tmp_path, doubt):
    async def test():
        lock = MemoryLock()
        async with node_on(tmp_path / "db", lock) as node:
            await node.submit(*rows(302))
            head = TreeHead(260, await tree.root(node.store, BEIJING, 260))
            if doubt == "crashed":
                # The next log was begun, and what was left behind is not there yet.
                lock.heads[NEXT] = TreeHead(0, EMPTY_ROOT)
            else:
                assert (await turned(node, 260)).leading
        for altered in ALTERED_CLOSED[::3]:
            alter(tmp_path / "db", altered)
        lock.torn, lock.moved = {NEXT} if doubt == "torn" else set(), doubt == "moved"
        async with node_on(tmp_path / "db", lock) as node:
            standing = await node.sealer.turn(head, NEXT, LoudKey(NEXT, node.events))
            assert (standing.leading, standing.code) == (False, "log_unreadable")
            assert await node.store.size(NEXT) == (0 if doubt == "crashed" else 42)

    asyncio.run(test())


@pytest.mark.parametrize(("size", "code"), [(9, "closing_ahead"), (3, "closing_fork")])
def test_a_closing_head_that_is_not_ours_stops_the_log(tmp_path, size, code):
    async def test():
        async with node_on(tmp_path / "db") as node:
            await node.submit(*rows(5))
            head = TreeHead(size, digest("?"))
            standing = await node.sealer.turn(head, NEXT, LoudKey(NEXT, []))
            assert (standing.leading, standing.code) == (False, code)
            with pytest.raises(UnavailableError, match=code):
                await node.sealer.submit(Given(statement("new")))
            assert await node.store.size(NEXT) == 0

    asyncio.run(test())


def test_a_log_is_whole_while_it_leads_and_for_ever_if_it_was_led_to_its_end(tmp_path):
    async def test():
        lock = MemoryLock()
        async with node_on(tmp_path / "db", lock, resume=False) as node:
            assert not await node.sealer.is_whole(BEIJING)
            await node.sealer.resume()
            assert await node.sealer.is_whole(BEIJING)
            node.start()
            await node.submit(*rows(4))
            lock.heads[BEIJING] = TreeHead(9, digest("promised"))
        async with node_on(tmp_path / "db", lock) as node:
            # Closed as an old backup that lacks leaves: what was signed beyond is not known here.
            assert node.sealer.standing.code == "head_lock_ahead"
            assert not await node.sealer.is_whole(BEIJING)
            assert (await turned(node, 2)).leading
            assert await node.sealer.is_whole(NEXT)
            assert not await node.sealer.is_whole(BEIJING)
        async with node_on(tmp_path / "other") as node:
            await node.submit(*rows(4))
            assert not await node.sealer.is_whole(NEXT)
            assert (await turned(node, 2)).leading
            assert await node.sealer.is_whole(BEIJING)

    asyncio.run(test())


def test_a_log_whose_key_is_lost_turns_all_the_same(tmp_path):
    async def test():
        async with node_on(tmp_path / "db") as node:
            await node.submit(*rows(5))
        async with node_on(tmp_path / "db", MemoryLock(), resume=False) as node:
            node.sealer._signer = None
            await node.sealer.resume()
            assert (await turned(node, 3)).leading
            node.start()
            # Nobody can sign a checkpoint over the first three any more, so all five are logged again.
            outcomes = await node.submit(rows(5)[4], rows(5)[0])
            assert [(one.origin, one.index) for one in outcomes] == [(NEXT, 4), (NEXT, 0)]
            assert check_receipt(outcomes[1], rows(5)[0]) == 5

    asyncio.run(test())


def test_of_a_closed_log_without_its_key_only_what_no_checkpoint_covers_is_logged_again(tmp_path):
    async def test():
        async with node_on(tmp_path / "db") as node:
            await node.submit(*rows(5))
            head = TreeHead(2, await tree.root(node.store, BEIJING, 2))
            facts = AnchorFacts(BEIJING.log_id, head, 1, bytes(32), bytes(32), 0, Millis(1))
            note = sign_checkpoint(Checkpoint(str(BEIJING), head), demo_log_key(str(BEIJING)))
            await node.store.put_anchor(AnchorRow(BEIJING, facts, note))
            head = TreeHead(4, await tree.root(node.store, BEIJING, 4))
            await node.store.put_anchor(AnchorRow(BEIJING, replace(facts, head=head)))
        async with node_on(tmp_path / "db", MemoryLock(), resume=False) as node:
            node.sealer._signer = None
            await node.sealer.resume()
            assert (await turned(node, 4)).leading
            node.start()
            outcomes = await node.submit(*rows(5))
            places = [(one.origin, one.index) for one in outcomes]
            assert places == [(BEIJING, 0), (BEIJING, 1), (NEXT, 0), (NEXT, 1), (NEXT, 2)]
            assert [check_receipt(*one) for one in zip(outcomes, rows(5), strict=True)] == [
                2,
                2,
                3,
                3,
                3,
            ]

    asyncio.run(test())


def test_an_epoch_whose_key_was_lost_and_that_was_closed_too_is_passed_through(tmp_path):
    after = NEXT.next_epoch()

    async def test():
        async with node_on(tmp_path / "db") as node:
            await node.submit(*rows(6))
            closing = TreeHead(4, await tree.root(node.store, BEIJING, 4))
            # The key of the next epoch is lost before what was left behind is logged there.
            assert (await node.sealer.turn(closing, NEXT, None)).code == "log_key_missing"
            empty = TreeHead(0, EMPTY_ROOT)
            standing = await node.sealer.turn(empty, after, LoudKey(after, []))
            assert standing.leading
            assert await places(node, after) == [row.id for row in rows(6)[4:]]
        # Also where the start knows of the first epoch only from the network file.
        async with node_on(tmp_path / "other") as node:
            await node.submit(*rows(6))
            closing = TreeHead(4, await tree.root(node.store, BEIJING, 4))
            await node.sealer.turn(closing, NEXT, None)
            await node.stop()
            node.sealer._left_behind = []
            standing = await node.sealer.turn(empty, after, LoudKey(after, []), [(BEIJING, 4)])
            assert standing.leading
            assert await places(node, after) == [row.id for row in rows(6)[4:]]

    asyncio.run(test())


async def places(node, origin):
    return [leaf.statement for leaf in await node.store.leaves(origin, 0, 99)]


def test_a_full_disk_during_a_turn_is_tried_again_and_nothing_new_comes_first(tmp_path):
    async def test():
        async with node_on(tmp_path / "db") as node:
            await node.submit(*rows(5))
            full = UnavailableError("store_unavailable", "the database refused: SQLITE_FULL")
            node.store.append_error = lambda _: full
            standing = await turned(node, 3)
            assert (standing.leading, standing.code) == (False, "store_unavailable")
            with pytest.raises(UnavailableError, match="store_unavailable"):
                await node.sealer.submit(Given(statement("new")))
            node.store.append_error = None
            await node.sealer.resume()
            [receipt] = await node.submit(statement("new"))
            assert await places(node, NEXT) == [*(row.id for row in rows(5)[3:]), receipt.id]

    asyncio.run(test())
