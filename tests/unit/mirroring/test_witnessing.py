import json
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest

from ledger.errors import ConflictError, InputError, VerificationError
from ledger.merkle.checkpoint import Checkpoint, open_checkpoint, sign_checkpoint
from ledger.merkle.cosignature import add_signature, check_cosignature, cosign
from ledger.merkle.leaf import Leaf, encode_leaf
from ledger.merkle.note import parse_note
from ledger.mirroring.book import has_quorum
from ledger.ports import AnchorRow, FedStatement
from ledger.statement.sdjwt import join, parse
from ledger.store import SqliteStore
from ledger.store.backup import copy_sqlite
from ledger.testing.kit import NoteKey
from ledger.values import TreeHead, witness_name
from tests.unit.anchoring.model_chain import digest
from tests.unit.anchoring.support import NETWORK
from tests.unit.mirroring.regions import CARRIER, Posted, Region, bill, registration, statement
from tests.unit.mirroring.test_ownlog import Asked

KINDS = ["bill_of_lading"]


async def start(region, count=2):
    bills = (
        statement(region.name, CARRIER, "bill_of_lading", bill(f"{region.name}-{n}"))
        for n in range(count)
    )
    return await region.post(registration(region.name, CARRIER, KINDS), *bills)


async def more(region, name):
    await region.post(statement(region.name, CARRIER, "bill_of_lading", bill(name)))


def signed(region, head: TreeHead) -> str:
    """A checkpoint of whatever head, under the signature of the region's own log."""
    return sign_checkpoint(Checkpoint(str(region.origin), head), region.key)


def test_an_anchored_head_gets_the_logs_checkpoint_and_both_other_regions_cosignatures(three):
    async def test(t):
        await start(t.beijing)
        await t.settle()
        for region in t.regions:
            [row] = await region.anchors(t.beijing.origin)
            assert row.quorate
            assert sorted(row.cosignatures) == [
                f"{NETWORK}/hebei/witness",
                f"{NETWORK}/tianjin/witness",
            ]
            log = region.logs[t.beijing.origin]
            checkpoint, _ = open_checkpoint(row.checkpoint, log.key)
            assert checkpoint.head == row.facts.head == TreeHead(3, checkpoint.head.root)
            for witness in log.witnesses:
                full = add_signature(row.checkpoint, row.cosignatures[witness.name])
                check_cosignature(parse_note(full), witness)

    three(test)


def test_every_anchored_head_is_cosigned_in_order_and_once_with_times_that_never_go_back(three):
    async def test(t):
        await start(t.beijing)
        for n in range(6):
            await more(t.beijing, f"M{n}")
            await t.tick()
            if n == 3:
                t.clock.turn(-30)
        await t.settle()
        rows = await t.tianjin.anchors(t.beijing.origin)
        assert len(rows) >= 5
        key = t.beijing.logs[t.beijing.origin].witnesses[0]
        assert key.name == f"{NETWORK}/tianjin/witness"
        notes = [add_signature(row.checkpoint, row.cosignatures[key.name]) for row in rows]
        times = [check_cosignature(parse_note(note), key) for note in notes]
        assert times == sorted(times)
        again = [row.cosignatures for row in rows]
        t.tianjin.start()
        await t.settle(3)
        assert [row.cosignatures for row in await t.tianjin.anchors(t.beijing.origin)] == again

    three(test)


def test_a_head_that_cannot_be_vouched_for_yet_is_never_skipped(three):
    """A later cosignature would hide that an earlier head was never seen whole."""

    async def test(t):
        await start(t.beijing)
        t.tianjin.witness.step = nothing
        for n in range(3):
            await more(t.beijing, f"S{n}")
            await t.tick(seconds=40)
        await t.settle(3)
        t.tianjin.start()
        _, second, *rest = await t.tianjin.anchors(t.beijing.origin)
        await t.tianjin.store.put_anchor(replace(second, checkpoint=None))
        await t.tianjin.witness.step()
        own = f"{NETWORK}/tianjin/witness"
        signed = [own in row.cosignatures for row in await t.tianjin.anchors(t.beijing.origin)]
        assert signed == [True, False, *[False] * len(rest)]
        assert rest
        await t.tianjin.store.put_anchor(second)
        await t.tianjin.witness.step()
        assert all(own in row.cosignatures for row in await t.tianjin.anchors(t.beijing.origin))

    async def nothing():
        return 0

    three(test)


def test_a_witness_stopped_for_an_hour_still_gives_every_anchored_head_its_quorum(three):
    async def test(t):
        await start(t.beijing)
        await start(t.tianjin)
        await t.settle(2)
        # Two minutes a tick, so that an hour is thirty anchors; Tianjin looks every third tick only.
        for n in range(30):
            await more(t.beijing, f"H{n}")
            resting = (t.hebei, t.tianjin) if n % 3 else (t.hebei,)
            t.hebei.down = True
            await t.tick(without=resting, seconds=120)
            await t.beijing.anchorer.step()
        rows = await t.beijing.anchors(t.beijing.origin)
        assert len(rows) >= 25
        assert not any(row.quorate for row in rows[2:])
        t.hebei.down = False
        t.hebei.start()
        # A node that was down is asked again within half a minute.
        await t.settle(8, seconds=10)
        for region in t.regions:
            for origin in (t.beijing.origin, t.tianjin.origin):
                rows = await region.anchors(origin)
                assert rows
                assert all(row.quorate for row in rows), (region.name, origin)

    three(test)


def test_each_region_tells_for_how_long_an_anchored_head_has_lacked_a_cosignature(three):
    async def test(t):
        await start(t.beijing)
        await t.settle()
        t.hebei.down = True
        await more(t.beijing, "L1")
        # Anchored in the first of them, looked for in the next.
        for _ in range(3):
            await t.tick(without=(t.hebei,), seconds=40)
        for region in (t.beijing, t.tianjin):
            lags = region.follower.witness_lags[t.beijing.origin]
            assert lags == {"tianjin": 0.0, "hebei": 80.0}
            assert set(region.follower.witness_lags[t.tianjin.origin]) == {"beijing", "hebei"}
        t.hebei.down = False
        await t.settle(8, seconds=10)
        assert t.beijing.follower.witness_lags[t.beijing.origin] == {"tianjin": 0.0, "hebei": 0.0}

    three(test)


def test_a_closed_log_is_completed_also_where_its_lock_is_lost(three):
    """Two regions decided on it: what they closed has to stay provable."""

    async def test(t):
        home, origin = t.beijing, t.beijing.origin
        await start(home)
        await home.anchorer.step()
        [head] = [home.lock.heads.pop(origin)]
        home.signed.clear()
        await t.settle(3)
        [row] = await home.anchors(origin)
        assert row.checkpoint is None
        for region in t.regions:
            region.logs[origin] = replace(region.logs[origin], closed=head)
        await t.settle()
        for region in t.regions:
            [row] = await region.anchors(origin)
            assert row.quorate, region.name

    three(test)


def test_a_region_never_counts_as_its_own_witness(three):
    async def test(t):
        await start(t.beijing)
        await t.beijing.anchorer.step()
        await t.beijing.follower.step()
        [row] = await t.beijing.anchors(t.beijing.origin)
        log = t.beijing.logs[t.beijing.origin]
        own = NoteKey(witness_name(NETWORK, "beijing"))
        body = parse_note(row.checkpoint).text
        line = cosign(body, own.name, own.public_key, own.sign, 1_772_409_600)
        tianjin = NoteKey(witness_name(NETWORK, "tianjin"))
        other = cosign(body, tianjin.name, tianjin.public_key, tianjin.sign, 1_772_409_600)
        lines = {own.name: line, tianjin.name: other}
        assert not has_quorum(log, replace(row, cosignatures=lines))
        # Even a policy that was forced to name it among the witnesses.
        forced = object.__new__(type(log))
        for name in log.__dataclass_fields__:
            object.__setattr__(forced, name, getattr(log, name))
        object.__setattr__(forced, "witnesses", (own.vkey(4), *log.witnesses))
        assert not has_quorum(forced, replace(row, cosignatures=lines))
        await t.beijing.witness.step()
        assert (await t.beijing.store.anchor(row.origin, row.facts.head.size)).cosignatures == {}

    three(test)


def test_a_checkpoint_is_signed_at_each_anchored_size_where_no_commit_ended(three):
    async def test(t):
        bills = [statement("beijing", CARRIER, "bill_of_lading", bill(f"N{n}")) for n in range(299)]
        await t.beijing.post(registration("beijing", CARRIER, KINDS), *bills)
        await t.settle(5)
        rows = await t.hebei.anchors(t.beijing.origin)
        assert [row.facts.head.size for row in rows] == [256, 300]
        assert all(row.quorate for row in rows)
        note = await t.hebei.reader.checkpoint(t.beijing.origin)
        assert note.split("\n")[1] == "300"
        assert len(parse_note(note).signatures) == 3

    three(test)


def test_a_fork_shown_to_a_witness_is_evidence_and_gets_no_cosignature(three):
    async def test(t):
        await start(t.beijing)
        await t.settle(3)
        # Beijing feeds Tianjin one statement and logs another at the same place.
        shown = statement("beijing", CARRIER, "bill_of_lading", bill("SHOWN"))
        peer = next(p for p in t.tianjin.peers if p.region == "beijing")
        fed = fed_instead(t, shown)

        async def feed(origin, at, count):
            return [fed] if at == 3 else []

        peer.feed = feed
        await t.tianjin.mirror.step()
        await more(t.beijing, "LOGGED")
        await t.settle(4)
        [*_, row] = await t.beijing.anchors(t.beijing.origin)
        assert row.facts.head.size == 4
        assert list(row.cosignatures) == [f"{NETWORK}/hebei/witness"]
        assert not row.quorate
        [(_, subject, body, _)] = await t.tianjin.store.evidence("fork")
        assert subject == str(t.beijing.origin)
        assert json.loads(body)["anchored_root"] == row.facts.head.root.hex()
        # Nor is anything after it cosigned: the witness never skips.
        await more(t.beijing, "LATER")
        await t.settle(4)
        assert not (await t.beijing.anchors(t.beijing.origin))[-1].quorate

    three(test)


def fed_instead(t, compact):
    parsed = parse(compact)
    leaf = encode_leaf(Leaf(parsed.id, t.clock.now(), -1))
    return FedStatement(leaf, parsed.signed, ())


def test_a_head_the_thief_of_an_anchor_key_invented_is_never_cosigned(three):
    async def test(t):
        await start(t.beijing)
        await t.settle(4)
        head = t.world.head(t.beijing.origin.log_id).head
        assert head.size == 3
        facts = replace(
            t.world.head(t.beijing.origin.log_id),
            head=TreeHead(900, digest("invented")),
            block_number=t.world.mine().block.number,
        )
        t.world.blocks[-1].events.append(replace(facts, block_hash=t.world.blocks[-1].block.hash))
        await t.settle(4)
        for region in t.regions:
            row = await region.store.anchor(t.beijing.origin, 900)
            assert row.checkpoint is None
            assert row.cosignatures == {}
        assert t.beijing.anchorer.status.alarm.code == "anchor_foreign_head"
        # What readers get stays the newest head that the log did sign.
        note = await t.hebei.reader.checkpoint(t.beijing.origin)
        assert note.split("\n")[1] == "3"

    three(test)


def test_a_contradicting_checkpoint_is_kept_with_both_notes(three):
    async def test(t):
        await start(t.beijing)
        await t.settle(4)
        forged = signed(t.beijing, TreeHead(3, digest("other")))
        for region in t.regions:
            with pytest.raises(ConflictError) as caught:
                await region.witness.compare(forged)
            assert caught.value.code == "checkpoint_contradiction"
            [(_, _, body, _)] = await region.store.evidence("fork")
            notes = json.loads(body)["notes"]
            assert notes[0] == forged
            assert open_checkpoint(notes[1], region.logs[t.beijing.origin].key)[0].head.size == 3

    three(test)


def test_a_checkpoint_beyond_our_mirror_is_compared_once_the_mirror_is_there(three):
    async def test(t):
        await start(t.beijing)
        await t.settle(3)
        forged = signed(t.beijing, TreeHead(4, digest("other")))
        await t.tianjin.witness.compare(forged)
        assert await t.tianjin.store.evidence("fork") == []
        # Of its own log a region that leads holds everything: what goes beyond was signed by a copy of it.
        with pytest.raises(ConflictError):
            await t.beijing.witness.compare(forged)
        await more(t.beijing, "FOURTH")
        await t.settle(3)
        [(_, _, body, _)] = await t.tianjin.store.evidence("fork")
        assert forged in json.loads(body)["notes"]

    three(test)


def test_our_own_head_is_no_contradiction_while_our_log_is_on_its_way_back(three, tmp_path):
    """An old backup: mirrors or anyone show what we signed, and a moment later we hold it again."""

    async def test(t):
        beijing, origin = t.beijing, t.beijing.origin
        await start(beijing)
        await t.settle(4)
        async with old_backup(beijing, tmp_path) as restored:
            await more(beijing, "LATER")
            await t.settle(4)
            mine = beijing.signed[origin]
            asked = Asked(restored)
            for _ in range(2):
                await asked.own_log.step()
            await restored.witness.compare(mine)
            assert asked.contradicted == []
            assert await restored.store.evidence() == []
            # One of each head, however many cosignatures stand below.
            [waits] = json.loads(await restored.store.get_meta(f"compare/{origin}"))
            assert waits.split("\n\n")[0] == mine.split("\n\n")[0]
            await bring_back(restored, beijing)
            restored.leading = True
            await restored.witness.step()
            await asked.own_log.step()
            await restored.witness.compare(mine)
            assert asked.contradicted == []
            assert await restored.store.evidence() == []
            assert json.loads(await restored.store.get_meta(f"compare/{origin}")) == []

    three(test)


@pytest.mark.parametrize("beyond", [0, 1])
def test_what_a_copy_of_us_signed_is_found_once_our_log_is_back(three, tmp_path, beyond):
    """Within what we hold then, or beyond it."""

    async def test(t):
        beijing, origin = t.beijing, t.beijing.origin
        await start(beijing)
        await t.settle(4)
        async with old_backup(beijing, tmp_path) as restored:
            await more(beijing, "LATER")
            forged = signed(beijing, TreeHead(4 + beyond, digest("other")))
            await restored.witness.compare(forged)
            await restored.witness.step()
            assert await restored.store.evidence() == []
            await bring_back(restored, beijing)
            restored.leading = True
            await restored.witness.step()
            [(_, _, body, _)] = await restored.store.evidence("fork")
            assert json.loads(body)["notes"][0] == forged
            assert json.loads(body)["held"] == 4
            assert json.loads(await restored.store.get_meta(f"compare/{origin}")) == []

    three(test)


@asynccontextmanager
async def old_backup(region, folder):
    """The region on its database as it is now, which does not lead yet."""
    copy_sqlite(folder / f"{region.name}.db", folder / "backup.db")
    store = await SqliteStore.open(folder / "backup.db")
    try:
        restored = Region(region.name, store, region.world, region.clock, region.logs)
        restored.leading = False
        restored.connect([restored, *(peer.other for peer in region.peers)])
        yield restored
    finally:
        await store.close()


async def bring_back(restored, region):
    held = await restored.store.size(region.origin)
    for one in await region.store.found(region.origin, held, 99):
        text = join(one.statement.signed, one.statement.disclosures)
        await restored.post(Posted(text, one.leaf.prev_index, one.leaf.received))


def test_only_the_logs_own_signature_makes_a_checkpoint_worth_comparing(three):
    async def test(t):
        await start(t.beijing)
        body = Checkpoint(str(t.beijing.origin), TreeHead(3, digest("other")))
        stranger = replace_name(t.beijing.key)
        with pytest.raises(VerificationError):
            await t.tianjin.witness.compare(sign_checkpoint(body, stranger))
        unknown = NoteKey("other.example/log/1")
        note = sign_checkpoint(Checkpoint(unknown.name, body.head), unknown)
        with pytest.raises(InputError) as caught:
            await t.tianjin.witness.compare(note)
        assert caught.value.code == "log_unknown"
        assert await t.tianjin.store.evidence() == []
        good = t.beijing.signed[t.beijing.origin]
        await t.beijing.witness.compare(good)

    three(test)


def replace_name(key):
    class Stranger:
        name = key.name
        public_key = NoteKey("stranger").public_key
        sign = staticmethod(NoteKey("stranger").sign)

    return Stranger()


def test_a_chain_rolled_back_is_read_anew_and_keeps_what_was_collected(three):
    async def test(t):
        blocks = len(t.world.blocks)
        await start(t.beijing)
        await t.settle(4)
        await more(t.beijing, "SECOND")
        await t.settle(4)
        before = await t.tianjin.anchors(t.beijing.origin)
        assert [row.quorate for row in before] == [True, True]
        t.world.roll_back(blocks - 1)
        for _ in range(5):
            t.world.mine()
        await t.settle(4)
        after = await t.tianjin.anchors(t.beijing.origin)
        assert [row.cosignatures for row in after] == [row.cosignatures for row in before]
        for old, new in zip(before, after, strict=True):
            assert new.facts.head == old.facts.head
            assert new.facts.block_hash != old.facts.block_hash
            held = t.world.blocks[new.facts.block_number]
            assert new.facts in held.events

    three(test)


def test_events_of_another_chain_are_not_read(three):
    async def test(t):
        await start(t.beijing)
        await t.settle(3)
        t.world.identity = replace(t.world.identity, genesis_hash=bytes(32))
        await t.tianjin.follower.step()
        assert t.tianjin.follower.status.alarm == "chain_identity"

    three(test)


def test_a_cosignature_that_does_not_hold_is_not_collected(three):
    async def test(t):
        await start(t.beijing)
        await t.tick()
        peer = next(p for p in t.beijing.peers if p.region == "hebei")
        row: AnchorRow = (await t.beijing.anchors(t.beijing.origin))[0]
        hebei = NoteKey(witness_name(NETWORK, "hebei"))
        other = parse_note(row.checkpoint).text.replace("\n3\n", "\n2\n")
        line = cosign(other, hebei.name, hebei.public_key, hebei.sign, 1_772_409_600)

        async def lying(origin, size):
            return line

        peer.cosignature = lying
        await t.settle(4)
        [row] = await t.beijing.anchors(t.beijing.origin)
        assert list(row.cosignatures) == [f"{NETWORK}/tianjin/witness"]
        assert not row.quorate

    three(test)
