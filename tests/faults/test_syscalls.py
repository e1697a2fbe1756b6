"""Storage calls that fail, or at which the node dies: no receipt is broken, and a start brings all back."""

import sys

import pytest

from tests.faults import syscalls
from tests.faults.syscalls import KILL, Case

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="strace is Linux's")

CASES = [
    Case("pwrite64", KILL, 9),
    Case("fdatasync", KILL, 1),
    Case("fsync", KILL, 1),
    Case("rename", KILL, 1),
    Case("pwrite64", "error=ENOSPC", 2),
    Case("pwrite64", "error=EIO", 30),
    Case("fdatasync", "error=EIO", 1),
    Case("fsync", "error=EIO", 2),
    Case("write", "error=ENOSPC", 1),
]


@pytest.mark.usefixtures("strace")
def test_no_storage_call_that_fails_breaks_a_promise():
    struck = syscalls.run(20260302, CASES)
    print(struck)
    assert struck.findings == []
    assert struck.came.total() == len(CASES)


@pytest.mark.usefixtures("strace")
def test_a_planted_fault_is_found():
    struck = syscalls.run(20260302, CASES[:3], plant="acknowledge_early", settle_seconds=5)
    assert any(one.startswith("kept: ") for one in struck.findings)
