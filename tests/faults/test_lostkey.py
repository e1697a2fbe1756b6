"""A log key lost or changed at the worst moment: what was acknowledged goes on in the next epoch."""

import sys

import pytest

from tests.faults import lostkey

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="children die with us by prctl")

RECORDS = 1_000


def test_a_lost_key_loses_no_record_that_was_acknowledged():
    told = lostkey.lost(20260302, RECORDS)
    print(told)
    assert told.findings == []
    # With two amendments that were acknowledged; a third one waited until the turn.
    assert told.moved == told.unanchored == RECORDS + 2
    assert told.stayed > 0


def test_a_key_changed_while_the_chain_stands_still_has_one_outcome():
    told = lostkey.changed(20260302)
    print(told)
    assert told.findings == []
    assert told.moved > 0


def test_a_planted_fault_is_found():
    told = lostkey.lost(20260302, 20, plant="turn_forgets")
    assert any(one.startswith("kept: ") for one in told.findings)
