"""The scenario that ships with the wheel, and the documents beside it."""

import json
from hashlib import sha256

from ledger.records.registry import KINDS
from ledger.testing.scenarios import operators, parties, scenario, trade_documents


def test_the_sea_import_has_seventeen_steps_in_three_regions():
    steps = scenario("S1")
    assert [step.number for step in steps] == list(range(1, 18))
    assert {step.region for step in steps} == {"beijing", "tianjin", "hebei"}
    assert {step.kind for step in steps} == set(KINDS) - {"operator", "document"}


def test_summary_and_complete_declaration_are_versions_of_one_record():
    first, second = (step for step in scenario() if step.kind == "import_declaration")
    assert (first.version, second.version) == (1, 2)
    assert first.fields["key"] == second.fields["key"]
    assert first.party == second.party
    assert (first.region, second.region) == ("beijing", "beijing")
    assert (first.fields["step"], second.fields["step"]) == ("summary", "complete")
    assert (first.fields["net_kg"], second.fields["net_kg"]) == ("1930.0", "1924.0")


def test_a_party_in_a_payload_is_named_by_its_code():
    assert scenario()[15].fields["consignee"] == parties()["factory_he"].uscc


def test_every_poster_is_registered_where_it_posts():
    steps = scenario()
    registered = operators(steps)
    for step in steps:
        kinds = registered[step.region, step.party.id]
        assert step.kind in kinds
        assert "document" in kinds
        assert step.party.uscc
    assert "release" not in registered["beijing", "broker_tj"]


def test_twelve_trade_documents_as_files():
    documents = list(trade_documents())
    assert len(documents) == 12
    assert len({sha256(one.content).digest() for one in documents}) == 12
    assert all(json.loads(one.content)["credentialSubject"] for one in documents)
    assert "commercial_invoice" in {one.document_type for one in documents}
