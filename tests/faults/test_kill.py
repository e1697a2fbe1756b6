"""Kill -9 of any process, at any moment and at every failpoint: no receipt is broken, and all is anchored."""

import sys

import pytest

from tests.faults import campaign
from tests.faults.lab import CHAIN, REGIONS

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="children die with us by prctl")

KILLS = 30


@pytest.mark.parametrize("copies", [0, 1])
def test_no_kill_breaks_a_promise(copies):
    outcome = campaign.run(seed=20260302, kills=KILLS, most_seconds=240, copies=copies)
    print(outcome)
    assert outcome.findings == []
    assert outcome.total_kills >= KILLS
    assert set(outcome.kills) == {*REGIONS, CHAIN}
    # It was in the middle of work: much was acknowledged, much had to be posted again.
    assert outcome.statements > 100
    assert outcome.retries > KILLS / 2
    assert outcome.recovering > 0
    assert outcome.points.total() >= KILLS / 5
    assert outcome.restored == 1
