"""A leader that was stopped while another took over ends, and breaks no promise."""

import sys

import pytest

from tests.faults import takeover

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="children die with us by prctl")

POINTS = ("store.written", "seal.committed", "seal.locked", "seal.signed", "anchor.stored")


def test_a_leader_that_slept_through_a_takeover_breaks_no_promise(postgres):
    done = takeover.run(20260302, postgres, POINTS)
    print(done)
    assert done.findings == []
    assert done.points == dict.fromkeys(POINTS, 1)
