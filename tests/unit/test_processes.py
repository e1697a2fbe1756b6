"""A process that was made to stand does nothing more, however busy the machine; one that ended is told."""

import os
import signal
import subprocess
import sys

import pytest

from tests.processes import halt, runs, states

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
# Its first thread, which takes the signal, sleeps; the others never do.
_BUSY = """
import hashlib, threading, time
data = bytes(1 << 24)
def work():
    while True:
        hashlib.sha256(data)
for _ in range(8):
    threading.Thread(target=work, daemon=True).start()
print(flush=True)
time.sleep(600)
"""


@pytest.fixture
def busy():
    with subprocess.Popen([sys.executable, "-c", _BUSY], stdout=subprocess.PIPE) as process:
        try:
            process.stdout.readline()
            yield process.pid
        finally:
            process.kill()


def test_all_threads_stand_when_it_returns(busy):
    for _ in range(20):
        halt(busy)
        assert set(states(busy)) == {"T"}
        os.kill(busy, signal.SIGCONT)


def test_one_that_stands_runs_and_one_that_was_killed_does_not(busy):
    halt(busy)
    assert runs(busy)
    os.kill(busy, signal.SIGKILL)
    # Not asked for yet: it stands in the table of processes until it is.
    os.waitid(os.P_PID, busy, os.WEXITED | os.WNOWAIT)
    assert states(busy) == ["Z"]
    assert not runs(busy)


def test_one_that_is_gone_is_told():
    with subprocess.Popen(["/bin/true"]) as process:
        pass
    assert not runs(process.pid)
    with pytest.raises(ProcessLookupError):
        halt(process.pid)
