"""The server that tests start: as durable as one in production, and gone however its run ends."""

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.postgres import MissingError, missing

_RUNNER = """
import sys, time
from tests.postgres import Server
server = Server()
server.found()
print(server.folder, server.pid, flush=True)
time.sleep(600)
"""


def test_it_is_durable(postgres):
    for name in ("fsync", "full_page_writes", "synchronous_commit"):
        assert postgres.admin(f"SHOW {name}")[0][0] == "on"


@pytest.mark.usefixtures("postgres")
@pytest.mark.skipif(sys.platform != "linux", reason="children die with us by prctl")
def test_it_ends_with_a_killed_runner():
    with subprocess.Popen(
        [sys.executable, "-c", _RUNNER], stdout=subprocess.PIPE, text=True
    ) as runner:
        folder, pid = runner.stdout.readline().split()
        assert _runs(int(pid))
        runner.kill()
    deadline = time.monotonic() + 30
    while _runs(int(pid)) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not _runs(int(pid))
    shutil.rmtree(folder)


@pytest.mark.parametrize(
    ("ci", "outcome"), [("true", pytest.fail.Exception), ("", pytest.skip.Exception)]
)
def test_without_one_tests_skip_in_plain_words_and_fail_in_ci(monkeypatch, ci, outcome):
    monkeypatch.setenv("CI", ci)
    with pytest.raises(outcome, match="apt-get install postgresql"):
        missing(MissingError("PostgreSQL is not installed. Debian: apt-get install postgresql"))


def _runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
