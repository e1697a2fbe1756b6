"""A process that was made to stand does nothing more, on a machine that is busy, too."""

import os
import signal
import subprocess
import sys

import pytest

from tests.halting import halt, states

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


def test_one_that_has_ended_is_told():
    with subprocess.Popen(["/bin/true"]) as process:
        pass
    with pytest.raises(ProcessLookupError):
        halt(process.pid)
