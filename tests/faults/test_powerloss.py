"""Whenever the power goes: what was promised is there, and the node leads its log again by itself."""

import sys

import pytest

from tests.faults import powerloss

pytestmark = [
    pytest.mark.skipif(sys.platform != "linux", reason="strace is Linux's"),
    pytest.mark.usefixtures("strace"),
]

STATES = 300


def test_no_power_loss_breaks_a_promise():
    recording = powerloss.record(20260302, records=12)
    losses = powerloss.lose(recording, 20260302, STATES)
    print(len(recording.calls), len(recording.promised), losses)
    assert losses.findings == []
    # No two alike; the dice may show a known one too often near the end.
    assert STATES * 0.9 <= losses.states <= STATES
    assert len(recording.promised) > 12
    # The journal is carried over at the end only where no reader closes after the writer.
    names = {call.name for call in recording.calls}
    assert names >= {"pwrite64", "write", "fdatasync", "fsync", "rename", "openat"}


@pytest.mark.parametrize(
    ("plant", "breaks"), [("disk_unsynced", "start"), ("lock_file_unsynced", "start")]
)
def test_a_planted_fault_is_found(plant, breaks):
    losses = powerloss.lose(powerloss.record(20260302, 6, plant), 20260302, 100)
    print(*losses.findings[:5], sep="\n")
    assert any(one.startswith(f"{breaks}: ") for one in losses.findings)
