import json

import pytest

from ledger import tree
from ledger.ports import FedStatement
from ledger.sharing import PUBLIC
from ledger.statement.sdjwt import open_slots, parse
from tests.unit.mirroring.regions import (
    BROKER,
    CARRIER,
    Posted,
    bill,
    registration,
    statement,
)

KINDS = ["bill_of_lading"]


def a_bill(name, author=CARRIER, region="beijing", **how):
    kind = how.pop("kind", "bill_of_lading")
    return statement(region, author, kind, bill(name, **how.pop("fields", {})), **how)


async def codes(region):
    kept = await region.store.evidence("record_rule")
    return [json.loads(body)["code"] for _, _, body, _ in kept]


def test_leaves_are_copied_as_soon_as_committed_with_the_public_fields_only(three):
    async def test(t):
        ids = await t.beijing.post(registration("beijing", CARRIER, KINDS), a_bill("A"))
        assert await t.tianjin.mirror.step() == 2
        assert t.world.head(t.beijing.origin.log_id) is None
        [found] = await t.tianjin.store.statement(ids[1])
        whole = parse("~".join([found.statement.signed.decode(), *found.statement.disclosures, ""]))
        opened = open_slots(whole)
        shown = {path[0] for path in opened.opened}
        assert {"key", "time", "container", "packages", "gross_kg"} <= shown
        assert "goods" in {path[0] for path in opened.closed}
        page = await t.tianjin.reader.search("DEMU0000016")
        assert [view.id for view in page.results] == [ids[1]]
        assert page.results[0].mirror
        assert found.statement.event_time == 1_772_514_000_000
        root = await tree.root(t.tianjin.store, t.beijing.origin, 2)
        assert root == t.beijing.lock.heads[t.beijing.origin].root
        assert await codes(t.tianjin) == []

    three(test)


def test_a_restarted_mirror_goes_on_from_what_it_holds_tiles_included(three):
    async def test(t):
        bills = [a_bill(f"R{n}") for n in range(600)]
        await t.beijing.post(registration("beijing", CARRIER, KINDS), *bills)
        assert await t.tianjin.mirror.step() == 128
        t.tianjin.start()
        while await t.tianjin.mirror.step():
            t.tianjin.start()
        head = t.beijing.lock.heads[t.beijing.origin]
        assert await t.tianjin.store.size(t.beijing.origin) == head.size == 601
        assert await tree.root(t.tianjin.store, t.beijing.origin, 601) == head.root
        assert await t.tianjin.store.tile(t.beijing.origin, 0, 1) is not None
        assert await codes(t.tianjin) == []

    three(test)


BREACHES = {
    "operator_absent": lambda: [a_bill("X", author=BROKER)],
    "operator_kind": lambda: [a_bill("X", kind="invoice", fields={"key": "INV:1"})],
    "audience_wrong": lambda: [a_bill("X", aud="demo-1a2b3c4d/hebei")],
    "registrar_unlisted": lambda: [registration("beijing", BROKER, KINDS, by=CARRIER)],
    "received_decreases": lambda: [Posted(a_bill("X"), received=5)],
    "leaf_prev": lambda: [Posted(a_bill("X"), prev_index=0)],
    "version_unknown": lambda: [a_bill("X", version=2, prev=b"\x01" * 32)],
    "signature_invalid": lambda: [_resigned(a_bill("X"))],
}


def _resigned(compact):
    signed, *rest = compact.split("~")
    head, payload, signature = signed.split(".")
    twin = a_bill("OTHER").split("~")[0].split(".")[2]
    assert twin != signature
    return "~".join([f"{head}.{payload}.{twin}", *rest])


@pytest.mark.parametrize("code", BREACHES)
def test_a_breach_of_a_record_rule_is_evidence_and_stops_nothing(three, code):
    async def test(t):
        await t.beijing.post(registration("beijing", CARRIER, KINDS), a_bill("GOOD"))
        await t.beijing.post(*BREACHES[code]())
        await t.beijing.post(a_bill("AFTER"))
        await t.settle(4)
        found = await codes(t.tianjin)
        # The clock of the leaf after a wrong one is right again; a wrong one may break two rules.
        assert code in found
        assert len(found) <= 2
        assert all(row.quorate for row in await t.beijing.anchors(t.beijing.origin))
        again = await t.tianjin.store.evidence("record_rule")
        t.tianjin.start()
        await t.settle(2)
        assert await t.tianjin.store.evidence("record_rule") == again

    three(test)


def test_versions_are_followed_within_and_across_batches(three):
    async def test(t):
        first = a_bill("V")
        ids = await t.beijing.post(registration("beijing", CARRIER, KINDS), first)
        change = {"change": "amended", "reason": "weight", "case_code": "OTHER"}
        second = a_bill("V", version=2, prev=ids[1], fields=change)
        third = a_bill("V", version=3, prev=parse(second).id, fields=change)
        await t.beijing.post(Posted(second, prev_index=1), Posted(third, prev_index=2))
        await t.tianjin.mirror.step()
        assert await codes(t.tianjin) == []
        skipping = a_bill("V", version=5, prev=parse(third).id, fields=change)
        foreign = a_bill("V", author=BROKER, version=4, prev=parse(third).id, fields=change)
        await t.beijing.post(registration("beijing", BROKER, KINDS))
        await t.beijing.post(Posted(skipping, prev_index=3), Posted(foreign, prev_index=3))
        await t.tianjin.mirror.step()
        assert await codes(t.tianjin) == ["version_skips", "operator_kind"]
        record = (await t.tianjin.store.statement(parse(third).id))[0].statement.record
        assert len(await t.tianjin.store.versions("beijing", record)) >= 3

    three(test)


def test_a_suspended_key_no_longer_counts(three):
    async def test(t):
        ids = await t.beijing.post(registration("beijing", CARRIER, KINDS), a_bill("BEFORE"))
        await t.tianjin.mirror.step()
        suspended = registration(
            "beijing", CARRIER, KINDS, status="suspended", version=2, prev=ids[0]
        )
        await t.beijing.post(Posted(suspended, prev_index=0), a_bill("AFTER"))
        t.tianjin.start()
        await t.tianjin.mirror.step()
        assert await codes(t.tianjin) == ["operator_kind"]

    three(test)


def test_a_statement_the_home_withholds_is_had_from_the_other_mirror(three):
    async def test(t):
        ids = await t.beijing.post(registration("beijing", CARRIER, KINDS), a_bill("A"))
        await t.hebei.mirror.step()
        t.beijing.hide.add(ids[1])
        await t.settle(3)
        assert (await t.tianjin.store.statement(ids[1]))[0].leaf.index == 1
        [row] = await t.beijing.anchors(t.beijing.origin)
        assert row.quorate

    three(test)


def test_what_another_mirror_gives_in_its_place_is_not_taken(three):
    """The home withholds a statement, and the other mirror answers with another one."""

    async def test(t):
        ids = await t.beijing.post(
            registration("beijing", CARRIER, KINDS), a_bill("A"), a_bill("B")
        )
        await t.hebei.mirror.step()
        t.beijing.hide.add(ids[1])
        [other] = [one for one in t.tianjin.peers if one.region == "hebei"]
        given = (await t.hebei.store.statement(ids[2]))[0].statement.signed

        async def another(_statement):
            return given

        other.signed_part = another
        await t.settle(3)
        assert await t.tianjin.store.size(t.beijing.origin) == 1
        assert t.tianjin.mirror.status.missing == {str(t.beijing.origin): ids[1].hex()}
        [row] = await t.beijing.anchors(t.beijing.origin)
        assert not row.quorate

    three(test)


def test_a_statement_that_nobody_has_withholds_the_cosignature_until_it_is_there(three):
    async def test(t):
        ids = await t.beijing.post(registration("beijing", CARRIER, KINDS), a_bill("A"))
        t.beijing.hide.add(ids[1])
        await t.settle(4)
        assert t.tianjin.mirror.status.missing == {str(t.beijing.origin): ids[1].hex()}
        assert await t.tianjin.store.size(t.beijing.origin) == 1
        [row] = await t.beijing.anchors(t.beijing.origin)
        assert row.cosignatures == {}
        assert (await t.beijing.reader.view(ids[1])).status == "anchored"
        t.beijing.hide.clear()
        await t.settle(4)
        assert t.tianjin.mirror.status.missing == {}
        assert (await t.beijing.reader.view(ids[1])).status == "witnessed"

    three(test)


@pytest.mark.parametrize("leaf", [b"", b"{}", b'{"prev":-1,"received":5,"statement":"00","v":1}'])
def test_a_leaf_that_names_no_statement_ends_the_copy_there(three, leaf):
    async def test(t):
        await t.beijing.post(registration("beijing", CARRIER, KINDS))
        await t.tianjin.mirror.step()
        peer = next(p for p in t.tianjin.peers if p.region == "beijing")

        async def feed(origin, start, count):
            return [FedStatement(leaf, b"a.b.c", ())]

        peer.feed = feed
        assert await t.tianjin.mirror.step() == 0
        assert await t.tianjin.store.size(t.beijing.origin) == 1
        assert len(await t.tianjin.store.evidence("leaf_malformed")) == 1

    three(test)


def test_a_disclosure_that_opens_no_slot_is_not_stored(three):
    async def test(t):
        one, other = a_bill("A"), a_bill("B")
        ids = await t.beijing.post(registration("beijing", CARRIER, KINDS), one)
        peer = next(p for p in t.tianjin.peers if p.region == "beijing")
        feed = peer.feed

        async def with_strays(origin, start, count):
            fed = await feed(origin, start, count)
            strays = (*other.split("~")[1:3], "%%%")
            return [FedStatement(f.leaf, f.signed, f.disclosures + strays) for f in fed]

        peer.feed = with_strays
        assert await t.tianjin.mirror.step() == 2
        [found] = await t.tianjin.store.statement(ids[1])
        assert set(found.statement.disclosures) < set(one.split("~"))

    three(test)


def test_a_silent_home_does_not_hold_up_the_other_log(three):
    async def test(t):
        await t.beijing.post(registration("beijing", CARRIER, KINDS))
        await t.hebei.post(registration("hebei", CARRIER, KINDS))
        t.beijing.down = True
        assert await t.tianjin.mirror.step() == 1
        assert t.tianjin.mirror.status.silent == ("beijing",)
        peer = next(p for p in t.tianjin.peers if p.region == "beijing")
        asked = peer.asked
        await t.tianjin.mirror.step()
        assert peer.asked == asked
        t.beijing.down = False
        t.clock.turn(1)
        assert await t.tianjin.mirror.step() == 1
        assert t.tianjin.mirror.status.silent == ()

    three(test)


def test_only_the_other_regions_read_the_feed(three):
    async def test(t):
        await t.beijing.post(registration("beijing", CARRIER, KINDS))
        with pytest.raises(Exception, match="peer_only"):
            await t.beijing.reader.feed(t.beijing.origin, 0, 10, PUBLIC)

    three(test)
