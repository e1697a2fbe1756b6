"""What the laboratory needs of the machine."""

import os
import shutil
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def strace():
    """Skips where nobody may trace a process, and fails there in CI, where it would else pass unnoticed."""
    scope = Path("/proc/sys/kernel/yama/ptrace_scope")
    held = scope.exists() and scope.read_text().strip() != "0" and os.geteuid() != 0
    if shutil.which("strace") is None or held:
        why = "strace is missing, or ptrace_scope keeps it from other processes"
        pytest.fail(why) if os.environ.get("CI") == "true" else pytest.skip(why)
