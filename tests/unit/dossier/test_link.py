"""Dossiers of the sea import, and of the same box under another bill."""

from dataclasses import dataclass, replace

import pytest

from ledger.dossier.item import Item, item_of
from ledger.dossier.link import MAX_ROUNDS, gather, group, next_identifiers
from ledger.records.read import read_record
from ledger.records.record import Identifier, identifier
from ledger.testing.scenarios import scenario

BOX = "DEMU0000016"
DAY = 86_400_000


@dataclass(frozen=True)
class Said:
    kind: str
    schema: str
    version: int


def sea_import():
    items = []
    for step in scenario("S1"):
        record = read_record(Said(step.kind, f"{step.kind}/1", step.version), step.fields)
        prev = "s06" if step.version == 2 else None
        items.append(
            item_of(
                f"s{step.number:02}",
                record,
                issuer=f"urn:uscc:{step.party.uscc}",
                version=step.version,
                prev=prev,
            )
        )
    return items


S1 = sea_import()
ALL = {item.id for item in S1}


def item(id_, kind, time, *identifiers, **more):
    named = tuple(identifier(type_, value) for type_, value in identifiers)
    return Item(id_, kind, f"K:{id_}", time, named, **more)


def ids(dossier):
    return {one.id for one in dossier.items}


def crawl(start, world):
    """Ask round by round as a gateway does: one identifier finds the items that carry it."""
    asked, items, rounds = [], [], 0
    while wanted := next_identifiers([start], items, asked):
        asked += wanted
        items += [
            one
            for one in world
            if any(
                (i.type, i.value) in {(w.type, w.value) for w in wanted} for i in one.identifiers
            )
        ]
        rounds += 1
        assert rounds <= MAX_ROUNDS
    return gather([start], items)


EVERY = sorted({(one.id, i.type, i.value) for one in S1 for i in one.identifiers})


@pytest.mark.parametrize(("step", "type_", "value"), EVERY)
def test_any_identifier_of_any_step_finds_all_seventeen(step, type_, value):
    (dossier,) = crawl(Identifier(type_, value, follow=False), S1)
    assert ids(dossier) == ALL
    assert dossier.bills == ("DEMOB26000001",)


def test_the_scenario_as_given_would_not_hold_together():
    # Without the links that the schemas require, the invoice leads nowhere: the test above can fail.
    loose = [replace(one, identifiers=()) if one.id in {"s04", "s06", "s13"} else one for one in S1]
    (dossier,) = crawl(Identifier("invoice", "DEMO-KR-26-0001", follow=True), loose)
    assert ids(dossier) == {"s01", "s02", "s03"}


def test_items_stand_in_order_of_time_and_the_newest_version_is_marked():
    (dossier,) = group(list(reversed(S1)))
    assert [one.id for one in dossier.items] == sorted(ALL)
    assert dossier.newest == frozenset(ALL - {"s06"})


def reused(days=21):
    """Another voyage of the same box: its own bill, tally, events and delivery, nothing shared."""
    shift = days * DAY
    bill = item(
        "t1", "bill_of_lading", S1[3].time + shift, ("bill", "OTHER1"), ("container", BOX),
        ("invoice", "INV-2"),
    )  # fmt: skip
    return [
        bill,
        item("t2", "equipment_event", S1[6].time + shift, ("container", BOX)),
        item("t3", "tally_report", S1[7].time + shift, ("bill", "OTHER1")),
        item("t4", "delivery", S1[15].time + shift, ("container", BOX)),
    ]


def test_a_box_that_comes_again_belongs_to_its_own_bill_each_time():
    world = S1 + reused()
    first, second = crawl(Identifier("container", BOX, follow=True), world)
    assert ids(first) == ALL
    assert ids(second) == {"t1", "t2", "t3", "t4"}
    assert (first.bills, second.bills) == (("DEMOB26000001",), ("OTHER1",))


@pytest.mark.parametrize("start", [("bill", "DEMOB26000001"), ("invoice", "DEMO-KR-26-0001")])
def test_the_other_voyage_of_the_box_does_not_come_along(start):
    (dossier,) = crawl(identifier(*start), S1 + reused())
    assert ids(dossier) == ALL
    (other,) = crawl(identifier("bill", "OTHER1"), S1 + reused())
    assert ids(other) == {"t1", "t2", "t3", "t4"}


def test_another_consignment_that_comes_along_is_not_followed():
    start = identifier("bill", "DEMOB26000001")
    asked = [start, identifier("container", BOX)]
    world = S1 + reused()
    wanted = next_identifiers([start], world, asked)
    assert identifier("invoice", "DEMO-KR-26-0001") in wanted
    assert not {"INV-2", "OTHER1"} & {one.value for one in wanted}


def test_a_box_is_never_followed_by_its_number_alone():
    before = item("e0", "equipment_event", S1[3].time - DAY, ("container", BOX))
    empty = item("e1", "equipment_event", S1[3].time - DAY, ("container", BOX))
    dossiers = group([before, empty, *S1])
    assert sorted(len(one.items) for one in dossiers) == [1, 1, 17]


def test_the_bill_that_an_event_names_wins_over_time():
    late = item(
        "e9",
        "equipment_event",
        S1[3].time + 30 * DAY,
        ("container", BOX),
        ("bill", "DEMOB26000001"),
    )
    first, second = crawl(identifier("container", BOX), [*S1, *reused(), late])
    assert ids(first) == ALL | {"e9"}
    assert "e9" not in ids(second)


def test_an_event_at_the_very_time_of_the_next_bill_is_of_that_bill():
    bill = reused()[0]
    at = item("e5", "equipment_event", bill.time, ("container", BOX))
    just = item("e4", "equipment_event", bill.time - 1, ("container", BOX))
    first, second = crawl(identifier("container", BOX), [*S1, bill, at, just])
    assert "e4" in ids(first)
    assert "e5" in ids(second)


def test_an_amended_bill_holds_the_box_it_names_now_since_it_was_issued():
    one = item("b1", "bill_of_lading", 0, ("bill", "B"), ("container", "WRNU0000001"))
    two = replace(
        one, id="b2", time=10, version=2, prev="b1",
        identifiers=(identifier("bill", "B"), identifier("container", BOX)),
    )  # fmt: skip
    event = item("e1", "equipment_event", 5, ("container", BOX))
    wrong = item("e2", "equipment_event", 6, ("container", "WRNU0000001"))
    (dossier,) = gather([identifier("bill", "B")], [one, two, event, wrong])
    assert ids(dossier) == {"b1", "b2", "e1"}
    assert dossier.newest == {"b2", "e1"}


def test_a_version_by_another_issuer_is_known_by_the_one_before():
    one = item("d1", "import_declaration", 0, ("declaration", "1"), issuer="urn:uscc:broker")
    two = replace(one, id="d2", version=2, prev="d1", time=1, issuer="urn:uscc:customs")
    stranger = replace(one, id="d3", issuer="urn:uscc:other")
    (dossier,) = group([one, two, stranger])
    assert dossier.newest == {"d2", "d3"}


def test_two_statements_of_one_version_both_stand():
    one = item("d1", "release", 0, ("declaration", "1"), issuer="urn:uscc:customs")
    twin = replace(one, id="d2")
    (dossier,) = group([one, twin])
    assert dossier.newest == {"d1", "d2"}


def test_a_declaration_holds_the_box_where_no_carrier_posts():
    declared = item("d", "import_declaration", 0, ("bill", "B"), ("container", BOX))
    event = item("e", "delivery", 5, ("container", BOX))
    (dossier,) = group([declared, event])
    assert ids(dossier) == {"d", "e"}
    # With a bill at hand the declaration of another bill does not take the box away again.
    bill = item("b", "bill_of_lading", 2, ("bill", "NEXT"), ("container", BOX))
    late = item("l", "import_declaration", 4, ("bill", "B"), ("container", BOX))
    dossiers = group([declared, event, bill, late])
    assert {"b", "e"} in [ids(one) for one in dossiers]


def test_the_same_item_from_home_and_mirror_counts_once():
    (dossier,) = group(S1 + S1)
    assert len(dossier.items) == 17


def test_a_round_is_bounded_and_starts_with_what_was_asked():
    many = [
        item(f"b{n:03}", "document", 0, ("bill", "B"), ("invoice", f"I{n:03}")) for n in range(200)
    ]
    start = identifier("bill", "B")
    assert next_identifiers([start], [], []) == (start,)
    wanted = next_identifiers([start], many, [start])
    assert len(wanted) == 64
    rest = next_identifiers([start], many, [start, *wanted])
    assert not set(rest) & set(wanted)


def test_the_empty_type_matches_any():
    (dossier,) = gather([Identifier("", "DEMOLOCK001", follow=False)], S1)
    assert ids(dossier) == ALL
    assert gather([Identifier("seal", "DEMOLOCK001", follow=False)], S1) == ()
