"""Ten times the normal rate beside hostile requests of every kind: no error, small memory, nothing lost."""

import random
import sys

import pytest

from tests.faults import burst
from tests.faults.burstkinds import KINDS, held_body

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="memory is read from /proc")


def test_a_burst_among_hostile_requests_breaks_nothing():
    done = burst.run(20260302, seconds=3, calm_seconds=1)
    print(done.told())
    assert done.findings == []
    assert done.hostile.total() == 3 * burst.HOSTILE
    assert len(done.burst) == 3 * burst.BURST
    assert set(done.megabytes) == {*burst.REGIONS, burst.GATEWAY}
    assert done.read[200] > 0


def test_bodies_without_a_bound_are_found():
    held = burst.Hostility((held_body,), (burst.HOME,))
    done = burst.run(20260302, seconds=3, calm_seconds=1, plant="bodies_unbounded", hostility=held)
    print(done.told(), *done.findings[:5], sep="\n")
    assert {one.partition(":")[0] for one in done.findings} == {"memory"}


def test_every_kind_can_be_made_for_every_target():
    made = [kind(random.Random(1), target) for kind in KINDS for target in ("tianjin", "gateway")]
    assert len({one.kind for one in made}) == len(KINDS)
