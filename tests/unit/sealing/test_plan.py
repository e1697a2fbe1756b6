"""The version rules, one by one and inside one group."""

import pytest

from ledger.errors import ConflictError
from ledger.ports import Found, LeafRow, RecordKey
from ledger.sealing.plan import Facts, Placed, plan
from ledger.values import Millis
from tests.unit.sealing.harness import NEXT, Given
from tests.unit.store.made_up import BEIJING, digest, statement

V1 = statement("v1", record=RecordKey("declaration", "urn:uscc:A", "one"))
V2 = statement("v2", record=V1.record, version=2, prev=V1.id)
V3 = statement("v3", record=V1.record, version=3, prev=V2.id)


def logged(row, index, origin=BEIJING) -> Found:
    return Found(row, LeafRow(origin, index, row.id, Millis(0), -1, digest("leaf")))


def facts(*rows) -> Facts:
    found = [logged(row, index) for index, row in enumerate(rows)]
    return Facts(
        held={one.statement.id: one for one in found},
        jtis={(row.author, row.jti): row.id for row in rows},
        newest={one.statement.record: one for one in found},
    )


def decide(known: Facts, *rows, origin=BEIJING, size=10, **given):
    return plan([Given(row, **given) for row in rows], known, origin, size)


def codes(outcomes):
    return [one.code if isinstance(one, ConflictError) else None for one in outcomes]


def test_versions_follow_within_one_group():
    assert decide(facts(), V1, V2, V3) == [
        Placed(V1, 10, -1),
        Placed(V2, 11, 10),
        Placed(V3, 12, 11),
    ]


def test_a_version_names_the_place_of_the_one_before():
    assert decide(facts(V1), V2) == [Placed(V2, 10, 0)]
    assert decide(facts(V1), V2, origin=NEXT, size=0) == [Placed(V2, 0, -1)]


def test_the_same_statement_gets_the_same_place():
    [first, second] = decide(facts(), V1, V1)
    assert first is second
    assert decide(facts(V1), V1) == [logged(V1, 0)]


@pytest.mark.parametrize(
    ("known", "row", "code", "path"),
    [
        ([V1], statement("x", jti="jti-v1"), "jti_used", "/jti"),
        ([V1], statement("x", record=V1.record), "record_exists", "/version"),
        ([], V2, "prev_unknown", "/prev"),
        (
            [V1],
            statement("x", record=V1.record, version=2, prev=digest("?")),
            "prev_mismatch",
            "/prev",
        ),
        ([V1], statement("x", version=2, prev=V1.id), "prev_mismatch", "/prev"),
        (
            [V1],
            statement("x", record=V1.record, version=3, prev=V1.id),
            "version_skipped",
            "/version",
        ),
        (
            [V1, V2],
            statement("x", record=V1.record, version=2, prev=V1.id),
            "version_taken",
            "/version",
        ),
        (
            [V1],
            statement(
                "x",
                record=RecordKey("declaration", "urn:uscc:B", "one"),
                author="urn:uscc:B",
                version=2,
                prev=V1.id,
            ),
            "foreign_amendment",
            "/iss",
        ),
    ],
)
def test_each_breach_has_its_own_name_and_costs_its_neighbours_nothing(known, row, code, path):
    neighbour = statement("neighbour")
    [refused, placed] = decide(facts(*known), row, neighbour)
    assert (refused.code, refused.path) == (code, path)
    assert placed == Placed(neighbour, 10, -1)


def test_breaches_against_the_same_group_are_seen():
    outcomes = decide(
        facts(),
        V1,
        statement("again", record=V1.record),
        statement("jti", jti="jti-v1"),
        V2,
        statement("other", record=V1.record, version=2, prev=V1.id),
    )
    assert codes(outcomes) == [None, "record_exists", "jti_used", None, "version_taken"]
    assert [one.index for one in outcomes if isinstance(one, Placed)] == [10, 11]


def test_an_amendment_by_a_role_belongs_to_the_record_of_its_first_issuer():
    theirs = RecordKey("declaration", "urn:uscc:B", "one")
    customs = statement("x", record=theirs, author="urn:uscc:B", version=2, prev=V1.id)
    own_next = statement("y", record=V1.record, version=3, prev=customs.id)
    [first] = plan([Given(customs, amends_others=True)], facts(V1), BEIJING, 10)
    assert first.row.record == V1.record
    both = plan([Given(customs, amends_others=True), Given(own_next)], facts(V1), BEIJING, 10)
    assert [one.index for one in both] == [10, 11]


def test_an_own_record_under_the_same_key_is_not_the_one_amended():
    own = statement(
        "own", record=RecordKey("declaration", "urn:uscc:B", "one"), author="urn:uscc:B"
    )
    amends = statement("x", record=own.record, author="urn:uscc:B", version=2, prev=V1.id)
    [placed] = plan([Given(amends, amends_others=True)], facts(V1, own), BEIJING, 10)
    assert placed.row.record == V1.record
