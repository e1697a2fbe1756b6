"""The server that tests start: as durable as one in production, and gone however its run ends."""

import shutil
import subprocess
import sys
import time

import pytest

from tests.postgres import MissingError, missing
from tests.processes import runs

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
        assert runs(int(pid))
        runner.kill()
    deadline = time.monotonic() + 30
    while runs(int(pid)) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not runs(int(pid))
    shutil.rmtree(folder)


@pytest.mark.parametrize(
    ("ci", "outcome"), [("true", pytest.fail.Exception), ("", pytest.skip.Exception)]
)
def test_without_one_tests_skip_in_plain_words_and_fail_in_ci(monkeypatch, ci, outcome):
    monkeypatch.setenv("CI", ci)
    with pytest.raises(outcome, match="apt-get install postgresql"):
        missing(MissingError("PostgreSQL is not installed. Debian: apt-get install postgresql"))
