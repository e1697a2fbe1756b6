"""Transactions lost on the wire, sender or chain killed at that moment: each was stored, none is double."""

import sys

import pytest

from tests.faults import wiretap
from tests.faults.wiretap import FATES

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="children die with us by prctl")

SENDS = 18


def test_every_transaction_stood_stored_when_it_was_sent():
    tapped = wiretap.run(20260302, SENDS)
    print(tapped)
    assert tapped.findings == []
    assert tapped.fates.total() >= SENDS
    assert set(tapped.fates) == set(FATES)
    assert tapped.statements > 50


@pytest.mark.parametrize(
    ("plant", "invariant"), [("send_before_store", "stored"), ("nonce_forgotten", "nonce")]
)
def test_a_planted_fault_is_found(plant, invariant):
    tapped = wiretap.run(20260302, 12, plant=plant)
    print(tapped.fates, *tapped.findings[:5], sep="\n")
    assert tapped.broken() == {invariant}
