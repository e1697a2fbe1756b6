"""Who may see what: by the groups of fields."""

import pytest

from ledger.errors import InputError
from ledger.records.fieldwalk import graded_fields, part_of
from ledger.records.grades import Grade, grade_of, mirrored, public
from ledger.records.registry import KINDS
from ledger.records.summary import summary
from ledger.testing.scenarios import scenario

# Every field there is, by the groups that decide who may read it; a new one has to be put into a group here.
GROUPS = {
    Grade.G1: {
        # business keys and the numbers in them
        "key", "bill", "invoice", "other_invoices", "certificate", "declaration", "transit", "imo",
        "voyage",
        # status
        "change", "case_code", "status", "result", "step", "mode", "dcsa", "conditional",
        "ship_side_pickup", "document_type", "media_type", "size", "classification",
        # times
        "time", "valid_to", "deadline",
        # places
        "at", "to", "pol", "pod", "gln", "route", "entry_customs", "from_customs", "to_customs",
        # digests
        "sha256",
    },
    Grade.G2: {
        "container", "other_containers", "sscc", "vehicle", "seal", "e_lock", "e_lock_ok", "packages",
        "gross_kg", "net_kg", "weighed_gross_kg", "weighed_net_kg",
        # why a weight or status differs from the version before
        "reason",
    },
    Grade.G3: {
        # goods, HS, origin
        "goods", "lines", "lines.desc", "lines.hs10", "lines.origin", "lines.qty", "lines.unit", "hs6",
        "origin", "agreement", "criterion", "trade_country", "trade_mode", "remarks", "condition",
        # parties
        "buyer", "seller", "consignee", "consignor", "shipper", "issuer", "file_name", "title",
    },
    Grade.G4: {"currency", "total", "amounts", "incoterm", "amount", "contract"},
    Grade.HOME: {"driver", "received_by", "risk_mark", "selection_rule"},
}  # fmt: skip
OPERATOR = {"uscc", "name", "kinds", "key_proof"}
"""Fields that only an operator record has: it is open to all, so that anyone can check who may post."""


def fields_of(kind):
    model = KINDS[kind].model
    for name in model.model_fields:
        yield name
        for member in part_of(model, name).model_fields if part_of(model, name) else ():
            yield f"{name}.{member}"


@pytest.mark.parametrize("kind", KINDS)
def test_every_field_has_the_grade_of_its_one_group(kind):
    for name in fields_of(kind):
        groups = [grade for grade, names in GROUPS.items() if name in names]
        if kind == "operator" and name in OPERATOR:
            groups = [Grade.G1]
        path = tuple(step for part in name.split(".") for step in (part, 0))[:-1]
        assert [grade_of(kind, path)] == groups, name


def test_the_groups_name_no_field_that_is_gone():
    there = {name for kind in KINDS for name in fields_of(kind)}
    assert set().union(*GROUPS.values(), OPERATOR) == there


@pytest.mark.parametrize("kind", KINDS)
def test_no_kind_has_core_fields_and_every_field_has_a_grade(kind):
    model = KINDS[kind].model
    assert max(one.grade for one in graded_fields(model).values()) < Grade.IMPORTANT
    for name in model.model_fields:
        inner = part_of(model, name)
        if inner is not None:
            assert graded_fields(inner)


def test_no_price_goods_or_party_is_public():
    shown = {
        (kind, name)
        for kind in KINDS
        for name in KINDS[kind].model.model_fields
        if public(kind)((name,)) and kind != "operator"
    }
    for names in (GROUPS[Grade.G3], GROUPS[Grade.G4], GROUPS[Grade.HOME]):
        assert {pair for pair in shown if pair[1] in names} == set()
    assert ("bill_of_lading", "gross_kg") in shown


def test_what_is_not_known_may_not_travel():
    assert not public("bill_of_lading")(("colour",))
    assert not public("bill_of_lading")(())
    assert not public("spaceship")(("key",))
    assert not mirrored("bill_of_lading")(("colour",))
    assert not mirrored("bill_of_lading")(())
    with pytest.raises(InputError) as caught:
        grade_of("bill_of_lading", ("colour",))
    assert (caught.value.code, caught.value.path) == ("field_unknown", "/fields/colour")


def test_items_and_members_of_lists():
    assert grade_of("invoice", ("lines", 0)) == Grade.G3
    assert grade_of("invoice", ("lines", 0, "qty")) == Grade.G3
    assert grade_of("invoice", ("amounts", 3)) == Grade.G4
    assert public("bill_of_lading")(("other_containers", 2))
    with pytest.raises(InputError):
        grade_of("invoice", ("lines", 0, "colour"))


def test_mirrors_hold_identifiers_but_no_price_and_no_person():
    assert mirrored("delivery")(("consignee",))
    assert not public("delivery")(("consignee",))
    for kind, name in (
        ("delivery", "received_by"),
        ("transit_declaration", "driver"),
        ("import_declaration", "risk_mark"),
        ("inspection", "selection_rule"),
    ):
        assert not mirrored(kind)((name,)), name
        assert not public(kind)((name,)), name
    assert not mirrored("invoice")(("total",))
    assert not mirrored("invoice")(("lines", 0))


def test_an_operator_record_is_open_to_all():
    assert all(public("operator")((name,)) for name in KINDS["operator"].model.model_fields)


def test_a_summary_shows_public_open_fields_in_order():
    bill = scenario()[3].fields
    assert summary("bill_of_lading", bill)[:3] == (
        ("pol", "KRPUS"),
        ("pod", "CNTXG"),
        ("container", "DEMU0000016"),
    )
    assert [name for name, _ in summary("bill_of_lading", bill | {"pod": object()})][:2] == [
        "pol",
        "container",
    ]
    assert summary("newer_kind", bill) == ()


@pytest.mark.parametrize("kind", KINDS)
def test_every_summary_names_public_fields(kind):
    for name in KINDS[kind].summary:
        assert public(kind)((name,)), name
