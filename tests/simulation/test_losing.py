"""Disks lost for good: with copies nothing is lost with them, without copies every loss is told."""

import pytest

from tests.simulation import course
from tests.simulation.losing import Losses


# Seeds by the copies that their worlds ask for.
@pytest.mark.parametrize(("seed", "copies"), [(1, 1), (5, 0), (11, 0)])
def test_what_stood_on_a_lost_disk_alone_is_named_and_no_other_record_is_lost(seed, copies):
    outcome = course.run(seed, seconds=200, kinds=Losses.kinds)
    assert (outcome.copies, outcome.findings) == (copies, [])
    assert outcome.faults.total() >= 2
    assert (outcome.counted["lost and named"] > 0) == (copies == 0)
