"""A chain that is lost for good: another one is sent nothing until people say so, and then all goes on."""

import sys

import pytest

from tests.faults import moved

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="children die with us by prctl")


def test_a_network_goes_on_on_another_chain():
    told = moved.moved(20260302)
    print(told)
    assert told.findings == []
    assert told.meanwhile > 0
    # Of each log several, one of them closed, so that there was an order to be kept.
    assert sorted(len(heads) >= 3 for heads in told.heads.values()) == [True] * 4
    assert len([one for one in told.steps if one.startswith("registered")]) == 3
    assert len([one for one in told.steps if one.startswith("approved")]) == 1


@pytest.mark.parametrize(
    ("plant", "breaks"), [("identity_unchecked", "identity"), ("closed_log_left", "again")]
)
def test_a_planted_fault_is_found(plant, breaks):
    told = moved.moved(20260302, plant)
    assert any(one.startswith(f"{breaks}: ") for one in told.findings), told.findings
