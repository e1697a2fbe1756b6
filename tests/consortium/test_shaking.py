"""Validators that die, are cut off and are slow: anchoring goes on or stands, and every promise is kept."""

import sys

import pytest

from tests.consortium.shaking import all_dead, cut, one_dead, run, slow, two_dead

pytestmark = [
    pytest.mark.skipif(sys.platform != "linux", reason="children die with us by prctl"),
    pytest.mark.usefixtures("program"),
]

STEPS = {
    "one dead": one_dead("hebei"),
    "two dead": two_dead("supervisor", "tianjin"),
    "all dead": all_dead,
    "two cut off from two": cut(15),
    "one slow": slow("beijing", 4),
}


def test_a_height_that_does_not_stand_is_told():
    """One is killed where the step says two: the invariant can fail."""
    told = run(20260306, {"only one dead": two_dead("hebei")})
    assert {finding.partition(":")[0] for finding in told.findings} == {"stands"}


def test_no_promise_is_broken_while_validators_die_and_are_cut_off():
    told = run(20260305, STEPS)
    print(told)
    assert told.findings == []
    assert list(told.steps) == list(STEPS)
    assert told.receipts > 200
    assert told.sent > 50
    assert told.verdicts > 50
