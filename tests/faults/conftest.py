"""What the laboratory needs of the machine."""

import os
import shutil
from pathlib import Path

import pytest

from tests.postgres import MissingError, missing


@pytest.fixture(scope="session")
def strace():
    """Skips where nobody may trace a process, and fails there in CI, where it would else pass unnoticed."""
    scope = Path("/proc/sys/kernel/yama/ptrace_scope")
    held = scope.exists() and scope.read_text().strip() != "0" and os.geteuid() != 0
    if shutil.which("strace") is None or held:
        missing(MissingError("strace is missing, or ptrace_scope keeps it from other processes"))
