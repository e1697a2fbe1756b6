"""The chain's process is gone for a while, under load: it is told, and all is anchored later."""

import sys

import pytest

from tests.faults import outage

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="children die with us by prctl")


def test_records_are_taken_while_the_chain_is_away():
    passed = outage.run(20260302, seconds=5, copies=1, pace=0.6)
    print(passed)
    assert passed.findings == []
    assert passed.taken > 10
    assert passed.waited > 0
    assert passed.refused == 0


def test_intake_closes_where_a_record_has_waited_too_long_and_opens_by_itself():
    passed = outage.run(20260303, seconds=5, limit=8.0, pace=0.6)
    print(passed)
    assert passed.findings == []
    assert passed.refused > 0
