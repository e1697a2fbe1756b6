"""Ten times the normal rate beside hostile requests of every kind: no error, small memory, nothing lost."""

import random
import sys

import pytest

from tests.faults import burst
from tests.faults.burstkinds import KINDS

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="memory is read from /proc")


def test_a_burst_among_hostile_requests_breaks_nothing():
    done = burst.run(20260302, seconds=3)
    print(done.told())
    assert done.findings == []
    assert done.hostile.total() == 3 * burst.HOSTILE
    assert len(done.burst) == 3 * burst.BURST
    assert set(done.megabytes) == {*burst.REGIONS, burst.GATEWAY}
    assert done.read[200] > 0


def test_every_kind_can_be_made_for_every_target():
    made = [kind(random.Random(1), target) for kind in KINDS for target in ("tianjin", "gateway")]
    assert len({one.kind for one in made}) == len(KINDS)
