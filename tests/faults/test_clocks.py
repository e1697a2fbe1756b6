"""Wall clocks of processes jump: a region closes loudly and opens again, and nothing is dated wrongly."""

import sys

import pytest

from tests.faults import clocks
from tests.faults.clocks import DAY, GATEWAY, RUNNING, STARTING, YEAR, Leap

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="children die with us by prctl")

LEAPS = (
    Leap("hebei", 10 * YEAR, RUNNING),
    Leap(GATEWAY, -10 * YEAR, RUNNING),
    Leap("hebei", 30, RUNNING),
    Leap("hebei", -DAY, STARTING),
    Leap("tianjin", DAY, STARTING),
)


def test_clocks_jump_and_nothing_is_dated_wrongly():
    done = clocks.run(20260302, copies=1, leaps=LEAPS)
    print(done)
    assert done.findings == []
    assert done.leaps.total() == len(LEAPS)
    assert done.codes["far: clock_departed"] == 3
    assert done.codes["slight: 201"] == 1
    assert done.dated > 10
