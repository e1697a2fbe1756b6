"""Who says so: only what is proven counts, each firm once, and what a later version replaced no more."""

import pytest

from gateway.confirming import ROLES, facts_of, roles_shown
from gateway.texts import EN, ZH
from ledger.verify.report import RecordReport, State

IMPORTER, BROKER, CARRIER, CUSTOMS = (f"urn:uscc:{n}" for n in range(4))


def report(id_, kind, author, verdict=State.PASSED, **fields):
    return RecordReport(id_, "tianjin", "o", 0, kind, 1, author, None, fields, (), (), verdict)


LIST = report("a", "packing_list", IMPORTER, packages=24, net_kg="1930.0")
BILL = report("b", "bill_of_lading", CARRIER, packages=24, container="DEMU0000016", seal="S1")
FIRST = report("c", "import_declaration", BROKER, net_kg="1930.0")
SECOND = report("d", "import_declaration", BROKER, net_kg="1924.0", container="DEMU0000016")
WEIGHED = report("e", "inspection", CUSTOMS, weighed_net_kg="1924.00")
SEEN = report(
    "f", "equipment_event", CUSTOMS, key="EV:GTIN:DEMU0000016:20260306T080000Z", seal="S1"
)
NEWEST = {"a", "b", "d", "e", "f"}


def table(records, texts=EN, newest=NEWEST):
    return {fact.title: fact for fact in facts_of(records, newest, texts)}


def said_by(fact):
    return {role for role, says in zip(ROLES, fact.roles, strict=True) if says}


def test_each_fact_counts_the_parties_that_say_it():
    facts = table([LIST, BILL, FIRST, SECOND, WEIGHED, SEEN])
    assert list(facts) == ["Container", "Seal", "Packages", "Net weight"]
    assert said_by(facts["Packages"]) == {"declared", "carried"}
    assert said_by(facts["Seal"]) == {"carried", "terminal"}
    # The event names its container in the key alone.
    assert said_by(facts["Container"]) == {"carried", "terminal", "declared"}
    assert [fact.parties for fact in facts.values()] == [3, 2, 2, 2]


def test_what_most_say_leads_and_the_others_are_told():
    net = table([LIST, FIRST, SECOND, WEIGHED])["Net weight"]
    assert (net.value, said_by(net)) == ("1924.0 kg", {"declared", "customs"})
    assert net.others == ("others say 1930.0 kg (parties: 1)",)


def test_a_version_that_was_replaced_confirms_nothing():
    facts = table([LIST, FIRST], newest={"a"})
    assert facts["Net weight"].parties == 1


@pytest.mark.parametrize("state", [State.FAILED, State.PENDING, State.UNKNOWN])
def test_what_is_not_proven_confirms_nothing(state):
    unproven = report("b", "bill_of_lading", CARRIER, state, packages=24)
    assert table([LIST, unproven])["Packages"].parties == 1


def test_one_firm_in_many_records_is_one_party():
    again = report("e", "invoice", IMPORTER, packages=24)
    packages = table([LIST, again])["Packages"]
    assert (packages.parties, said_by(packages)) == (1, {"declared"})


def test_several_containers_are_facts_of_their_own_and_weights_are_left_out():
    other = report("e", "bill_of_lading", CUSTOMS, container="DEMU0000021", packages=3)
    facts = facts_of([BILL, other], NEWEST, ZH)
    assert [(one.title, one.value) for one in facts] == [
        ("箱号", "DEMU0000016"), ("箱号", "DEMU0000021"), ("封志", "S1"),
    ]  # fmt: skip
    assert all(one.others == () for one in facts)


def test_columns_that_say_nothing_are_left_out():
    assert [ROLES[i] for i in roles_shown(facts_of([BILL], NEWEST, EN))] == ["carried"]
    assert roles_shown(()) == ()


def test_no_proven_fact_no_table():
    assert facts_of([report("x", "release", CUSTOMS)], {"x"}, EN) == ()
