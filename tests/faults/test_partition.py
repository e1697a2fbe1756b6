"""A region is cut off: the others go on, the gateway names it and calls nothing whole, and all heals."""

import sys

import pytest

from tests.faults import partition
from tests.faults.links import DROP, SLOW, STALL
from tests.faults.partition import FRESH, SETTLED, Case

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="children die with us by prctl")

CASES = {
    0: (Case(DROP, "hebei", SETTLED, True), Case(STALL, "beijing", FRESH, False)),
    1: (Case(SLOW, "tianjin", SETTLED, False), Case(DROP, "hebei", FRESH, True)),
}


@pytest.mark.parametrize("copies", [0, 1])
def test_a_region_that_is_cut_off_is_named_and_nothing_is_lost(copies):
    done = partition.run(20260302, copies, CASES[copies])
    print(done)
    assert done.findings == []
    assert done.cases.total() == 2
    assert done.statements > 20
