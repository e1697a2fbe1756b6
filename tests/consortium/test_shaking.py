"""Validators die, are cut off and slow, and lie: anchoring goes on or stands, and every promise is kept."""

import sys

import pytest

from tests.consortium.shaking import run
from tests.consortium.steps import all_dead, cut, one_dead, one_lies, slow, two_dead

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
    "one lies beside a dead one": one_lies("invented_event", "tianjin", "supervisor"),
}


def test_a_height_that_does_not_stand_is_told():
    """One is killed where the step says two: the invariant can fail."""
    told = run(20260306, {"only one dead": two_dead("hebei")})
    assert {finding.partition(":")[0] for finding in told.findings} == {"stands"}


def test_no_promise_is_broken_while_validators_die_are_cut_off_and_lie():
    told = run(20260305, STEPS)
    print(told)
    assert told.findings == []
    assert list(told.steps) == list(STEPS)
    assert told.receipts > 200
    assert told.sent > 50
    assert told.verdicts > 50
