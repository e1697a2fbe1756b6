"""A network at work, struck once: nothing is lost, and it is measured how it answered meanwhile."""

import sys

import pytest

from tests.faults import soak

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="children die with us by prctl")


def test_a_fault_under_load_breaks_no_promise():
    soaked = soak.run(20260302, faults=1, every=20.0)
    print(soaked)
    assert soaked.findings == []
    assert soaked.faults.total() == 1
    # It was measured, whatever the figures are.
    assert soaked.receipts > 20
    assert len(soaked.waits) > 20
    assert all(rate > 0 for rate in soaked.rates.values())
    assert soaked.memory
