"""A node that lies to the gateway: what is shown as good is the record that was asked for, and true."""

import pytest

from gateway.evidence import Evidencer
from tests.unit.gateway.liars import NAMES, Place


@pytest.fixture(scope="module")
def place(local_ledger, story):
    made = Place(local_ledger, [one.receipt.id for one in story])
    yield made
    made.close()


def test_no_lie_of_a_node_is_shown_as_good(place):
    played = [place.play(case) for case in range(len(NAMES))]
    assert [one for _, believed in played for one in believed] == []
    assert {name for name, _ in played} == set(NAMES)


def test_evidence_that_is_not_looked_at_lets_a_lie_pass(place, monkeypatch):
    monkeypatch.setattr(
        Evidencer, "_own", lambda _self, ids, bundle: dict(zip(ids, bundle.records, strict=True))
    )
    exchanged = NAMES.index("evidence_exchanged")
    assert place.play(exchanged)[1]
