"""What a database has lost comes back from the mirrors, proven, or is named."""

import json
import shutil
import sqlite3
from dataclasses import replace

import pytest

from ledger import tree
from ledger.cli.unsealing import Opened, open_log
from ledger.errors import ConflictError, UnavailableError
from ledger.merkle.checkpoint import Checkpoint, sign_checkpoint
from ledger.merkle.hashing import EMPTY_ROOT
from ledger.records.grades import mirrored
from ledger.sealing import ReceiptOut
from ledger.sharing import Reader
from ledger.sharing.rights import Right
from ledger.statement.sdjwt import join, open_slots, parse
from ledger.statement.sealed import open_sealed
from ledger.testing.kit import NoteKey
from ledger.values import TreeHead
from tests.unit.mirroring.holding import HOME, RECOVERY, first_row, rows

NOTHING = TreeHead(0, EMPTY_ROOT)


async def logged(t, home, given):
    """Receipts of rows that both mirrors hold."""
    receipts = await home.submit(*given)
    assert all(isinstance(one, ReceiptOut) for one in receipts), receipts
    if hasattr(home.copies, "hold") and home.copies.status.wanted:
        size = (await home.lock.read(HOME)).head.size
        await home.until(lambda: all(c.size >= size for c in home.copies.status.mirrors.values()))
    return receipts


async def copied(t, home):
    """With ``copies`` = 0: let the mirrors fetch what there is."""
    for mirror in t.mirrors.values():
        mirror.home_feed = home.feed.read
        while await mirror.mirror.step():
            pass


async def head_at(home, size):
    return TreeHead(size, await tree.root(home.store, HOME, size))


async def backed_up(t, given, alone=False):
    """A home that goes on after a backup was made of it; the receipts of what stands in that."""
    home = await t.led(anchored=NOTHING, alone=alone)
    receipts = await logged(t, home, given)
    await home.stop()
    shutil.copytree(t.folder / "home", t.folder / "backup")
    return await t.led(anchored=NOTHING, alone=alone), receipts


def restore(t):
    """Bring the database back as it was, the lock stays."""
    for path in (t.folder / "home").glob("db*"):
        path.unlink()
    for path in (t.folder / "backup").glob("db*"):
        shutil.copy(path, t.folder / "home" / path.name)


async def check_same(home, given, receipts):
    """Repeats give the same index, time and id, and a proof that verifies."""
    again = await home.submit(*given)
    for row, old, new in zip(given, receipts, again, strict=True):
        assert isinstance(new, ReceiptOut), new
        assert (new.id, new.index, new.received, new.leaf) == (
            row.id,
            old.index,
            old.received,
            old.leaf,
        )
        assert check_receipt(new, row) >= old.index


def check_receipt(receipt, row):
    from ledger.merkle.checkpoint import open_checkpoint
    from ledger.merkle.hashing import leaf_hash
    from ledger.merkle.note import LOG_KEY
    from ledger.merkle.proof import parse_proof
    from ledger.merkle.proofs import check_inclusion

    proof = parse_proof(receipt.proof)
    checkpoint, _ = open_checkpoint(proof.checkpoint, NoteKey(str(HOME)).vkey(LOG_KEY))
    check_inclusion(leaf_hash(receipt.leaf.encode()), receipt.index, checkpoint.head, proof.hashes)
    return checkpoint.head.size


@pytest.mark.parametrize("alone", [False, True])
def test_an_old_backup_catches_up_by_itself_and_seals_again(town, alone):
    async def test(t):
        given = [first_row(), *rows(3)]
        home, receipts = await backed_up(t, given, alone=alone)
        later = rows(140)
        receipts += await logged(t, home, later)
        await copied(t, home)
        anchored = await head_at(home, 100)
        await home.stop()
        restore(t)
        home = await t.led(anchored=anchored, alone=alone)
        assert [row.id for row in home.back] == [row.id for row in later]
        await check_same(home, given + later, receipts)
        [new] = await home.submit(*rows(1))
        assert new.index == 144
        # Closed fields are held sealed, and what is sealed is what was posted.
        kept = await home.store.sealed(HOME, [row.id for row in later])
        for row in later:
            [found] = await home.store.statement(row.id)
            opened = open_sealed(kept[row.id], HOME, row.id, RECOVERY)
            assert {*found.statement.disclosures, *opened} == {*row.disclosures}
        assert await home.store.evidence() == []

    town(test)


def test_with_a_copy_elsewhere_a_lost_disk_loses_nothing(town):
    async def test(t):
        home = await t.led(anchored=NOTHING)
        given = [first_row(), *rows(5)]
        receipts = await logged(t, home, given)
        await home.stop()
        home = await t.led("new disk", anchored=await head_of(t, 4))
        await check_same(home, given, receipts)

    town(test)


async def head_of(t, size):
    mirror = t.mirrors["hebei"]
    return TreeHead(size, await tree.root(mirror.store, HOME, size))


def test_fields_that_came_back_sealed_read_as_held_until_the_recovery_key_opens_them(town):
    async def test(t):
        home = await t.led(anchored=NOTHING)
        given = [first_row(), *rows(3)]
        receipts = await logged(t, home, given)
        await home.stop()
        home = await t.led("new disk", anchored=NOTHING)
        reader = Reader(
            network=HOME.network, region="beijing", store=home.store, clock=t.clock, logs={},
            certificates=[], peers={}, newest_signed=home.sealer.newest_signed,
        )  # fmt: skip
        author = Right(author=given[1].author)
        view = await reader.view(given[1].id, author)
        assert view.sealed == tuple(f"/fields/{name}" for name in hidden(given[1]))
        assert view.closed == len(view.sealed) > 0
        # Whom these fields are closed to hears nothing of it.
        public = await reader.view(given[1].id)
        assert public.sealed == ()
        assert public.closed >= view.closed
        wrong = Opened()
        await open_log(home.store, HOME, bytes(31) + b"x", wrong)
        assert (wrong.opened, wrong.failed.keys()) == (0, {row.id.hex() for row in given[1:]})
        told = Opened()
        await open_log(home.store, HOME, RECOVERY, told)
        assert (told.opened, told.failed, told.absent) == (3, {}, [])
        for row in given:
            [found] = await home.store.statement(row.id)
            assert found.statement == row
        whole = await reader.view(given[1].id, author)
        assert (whole.sealed, whole.closed) == ((), 0)
        again = Opened()
        await open_log(home.store, HOME, RECOVERY, again)
        assert again.opened == 0
        await check_same(home, given, receipts)

    town(test)


def hidden(row):
    """Names of the fields that mirrors do not see."""
    opened = open_slots(parse(join(row.signed, row.disclosures))).opened
    see = mirrored(row.record.kind)
    return ["/".join(map(str, path)) for path in opened if not see(path)]


def test_leaves_that_nobody_copied_are_named_and_no_head_is_signed(town):
    async def test(t):
        home = await t.led(anchored=NOTHING, alone=True)
        await logged(t, home, [first_row(), *rows(4)])
        await copied(t, home)
        await logged(t, home, rows(3))
        await home.stop()
        for path in (t.folder / "home").glob("db*"):
            path.unlink()
        t.mirrors["tianjin"].down = True
        home = await t.home(anchored=NOTHING, alone=True)
        standing = await home.start()
        assert (standing.leading, standing.code) == (False, "head_lock_ahead")
        assert "leaves 5 to 7" in standing.detail
        assert "tianjin" in standing.detail
        # Only once everybody was asked is it known that they are lost.
        t.mirrors["tianjin"].down = False
        await home.until(lambda: home.sealer.standing.code == "leaves_lost")
        assert "leaves 5 to 7" in home.sealer.standing.detail
        assert home.sealer.signed is None
        assert await home.store.size(HOME) == 5
        [(kind, subject, body, _)] = await home.store.evidence()
        assert (kind, subject) == ("leaves_lost", str(HOME))
        assert json.loads(body) == {"first": 5, "last": 7}

    town(test)


def test_without_copies_and_lock_nothing_is_signed_that_may_have_been_promised(town):
    async def test(t):
        home = await t.led(anchored=NOTHING, alone=True)
        await logged(t, home, [first_row(), *rows(4)])
        await copied(t, home)
        await home.stop()
        for _ in range(2):
            home = await t.home("new disk", anchored=NOTHING, alone=True)
            standing = await home.start()
            assert (standing.leading, standing.code) == (False, "promises_forgotten")
            assert "from index 5 on" in standing.detail
            head = await head_at(home, 5)
            with pytest.raises(ConflictError, match="adopt_refused"):
                await home.sealer.adopt(head, [head, head])
            assert home.sealer.signed is None
            await home.stop()

    town(test)


def test_an_empty_disk_beside_an_anchored_log_begins_nothing_anew(town):
    """With ``copies`` = 0 and no mirror that answers, the chain still knows that there was a log."""

    async def test(t):
        for mirror in t.mirrors.values():
            mirror.down = True
        home = await t.home(anchored=TreeHead(3, bytes(32)), alone=True)
        standing = await home.start()
        assert (standing.leading, standing.code) == (False, "copies_ahead")
        assert home.sealer.signed is None

    town(test)


def test_without_lock_and_chain_nothing_is_begun_until_the_chain_answers(town):
    """Who has lost everything and is cut off cannot tell a first start from a late one."""

    async def test(t):
        for mirror in t.mirrors.values():
            mirror.down = True
        home = await t.home(anchored=NOTHING, alone=True)
        home.chain.head_now = None
        standing = await home.start()
        assert (standing.leading, standing.code) == (False, "copies_ahead")
        assert standing.detail.endswith("does not answer: chain, hebei, tianjin")
        assert home.sealer.signed is None
        home.chain.head_now = NOTHING
        await home.until(lambda: home.sealer.standing.leading)

    town(test)


def test_what_a_silent_mirror_may_hold_is_waited_for_before_a_log_is_given_up(town):
    async def test(t):
        home = await t.led(anchored=NOTHING, alone=True)
        await logged(t, home, [first_row(), *rows(4)])
        await copied(t, home)
        await home.stop()
        t.mirrors["hebei"].down = True
        home = await t.home("new disk", anchored=NOTHING, alone=True)
        standing = await home.start()
        assert (standing.leading, standing.code) == (False, "copies_ahead")
        t.mirrors["hebei"].down = False
        await home.until(lambda: home.sealer.standing.code == "promises_forgotten")
        assert home.sealer.signed is None

    town(test)


def test_a_first_start_leads_while_nobody_answers(town):
    async def test(t):
        for mirror in t.mirrors.values():
            mirror.down = True
        assert (await (await t.home(anchored=NOTHING, alone=True)).start()).leading

    town(test)


def another_statement(index, fed):
    """The mirror gives another record of the same author in the place of leaf 4."""
    return replace(fed, leaf=fed.leaf.replace(b'"prev":-1', b'"prev":0')) if index == 4 else fed


@pytest.mark.parametrize("mark", ["lock", "signed", "chain"])
def test_nothing_is_stored_that_a_head_of_ours_does_not_prove(town, mark):
    async def test(t):
        home, _ = await backed_up(t, [first_row(), *rows(1)], alone=True)
        await logged(t, home, rows(5))
        await copied(t, home)
        five, seven = await head_at(home, 5), await head_at(home, 7)
        await home.stop()
        restore(t)
        anchored = five if mark == "chain" else NOTHING
        home = await t.home(anchored=anchored, alone=True)
        if mark == "signed":
            await home.lock.adopt(HOME, await head_at(home, 2))
            note = sign_checkpoint(Checkpoint(str(HOME), five), NoteKey(str(HOME)))
            home.peers[1].note = note
        for peer in home.peers:
            peer.change = another_statement
        standing = await home.start()
        assert not standing.leading
        assert await home.store.size(HOME) == 2
        assert home.back == []
        evidence = await home.store.evidence("refetch_refused")
        assert {json.loads(body)["code"] for _, _, body, _ in evidence} == {"root_mismatch"}
        # The other mirror is honest: that is enough.
        home.peers[1].change = lambda _, fed: fed
        await home.until(
            lambda: (
                home.sealer.standing.code not in ("head_lock_ahead", "leaves_lost", "copies_ahead")
            )
        )
        assert await head_at(home, 7) == seven

    town(test)


def test_beyond_a_hole_of_our_own_nothing_is_fetched_and_the_row_is_to_blame(town):
    async def test(t):
        home, _ = await backed_up(t, [first_row(), *rows(4)])
        await logged(t, home, rows(3))
        await home.stop()
        restore(t)
        with sqlite3.connect(t.folder / "home" / "db") as sql:
            assert sql.execute('DELETE FROM leaf WHERE "index" = 2').rowcount == 1
        sql.close()
        home = await t.home(anchored=NOTHING)
        locked = (await home.lock.read(HOME)).head
        # The only error that a start bears for a log that was closed long ago.
        with pytest.raises(UnavailableError, match="row_unreadable"):
            await home.recovery.bring_back(HOME, locked)
        assert await home.store.size(HOME) == 5
        assert home.back == []
        assert (await home.start()).code == "log_unreadable"

    town(test)


def test_a_mirror_that_answers_otherwise_the_second_time_stores_nothing(town):
    async def test(t):
        home, _ = await backed_up(t, [first_row()])
        await logged(t, home, rows(6))
        await home.stop()
        restore(t)
        home = await t.home(anchored=NOTHING)
        seen = set()

        def turncoat(index, fed):
            if index not in seen:
                seen.add(index)
                return fed
            return another_statement(index, fed)

        home.peers[0].change = home.peers[1].change = turncoat
        assert not (await home.sealer.resume()).leading
        assert await home.store.size(HOME) == 1

    town(test)


def test_a_mirror_that_goes_away_in_the_middle_costs_only_time(town):
    async def test(t):
        home, _ = await backed_up(t, [first_row()])
        await logged(t, home, rows(150))
        await home.stop()
        restore(t)
        home = await t.home(anchored=NOTHING)
        asked = []

        async def fail():
            asked.append(1)
            if len(asked) == 4:
                t.mirrors["hebei"].down = t.mirrors["tianjin"].down = True

        home.peers[0].before["feed"] = home.peers[1].before["feed"] = fail
        standing = await home.start()
        assert (standing.leading, standing.code) == (False, "head_lock_ahead")
        assert 1 < await home.store.size(HOME) < 151
        t.mirrors["hebei"].down = t.mirrors["tianjin"].down = False
        await home.until(lambda: home.sealer.standing.leading)
        assert await home.store.size(HOME) == 151

    town(test)
