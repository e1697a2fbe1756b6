"""Links between all processes drop, cut, delay, stall and send twice: nothing is lost, nothing is double."""

import sys

import pytest

from tests.faults import weather
from tests.faults.links import CUT, DELAY, DROP, STALL, TWICE

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="children die with us by prctl")


@pytest.mark.parametrize("copies", [0, 1])
def test_no_weather_breaks_a_promise(copies):
    passed = weather.run(20260302, seconds=10, copies=copies)
    print(passed)
    assert passed.findings == []
    assert set(passed.struck) == {DROP, CUT, DELAY, STALL, TWICE}
    # The firm's, those among the regions and those to the chain.
    assert len(passed.hit) == 3 + 6 + 3
    assert passed.statements > 50
    assert passed.retries > 10


def test_a_planted_fault_is_found():
    passed = weather.run(20260302, seconds=5, copies=0, plant="repeat_refused")
    assert any(one.startswith("repeat: ") for one in passed.findings)
