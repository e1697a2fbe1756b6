"""The harness goes red for a planted fault, by the invariant that names it and not by a crash."""

import sys

import pytest

from tests.faults import campaign

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="children die with us by prctl")


@pytest.mark.parametrize(("plant", "kills"), [("acknowledge_early", 10), ("lock_unmoved", 5)])
def test_a_planted_fault_is_found(plant, kills):
    outcome = campaign.run(
        seed=20260302, kills=kills, most_seconds=120, plant=plant, settle_seconds=5
    )
    print(outcome, *outcome.findings[:5], sep="\n")
    assert "kept" in outcome.broken()
    assert "alive" not in outcome.broken()
