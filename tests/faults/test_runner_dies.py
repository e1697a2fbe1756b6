"""Nothing that the harness starts outlives it, however it ends."""

import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.processes import runs

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="children die with us by prctl")

_RUNNER = """
import asyncio, sys
from pathlib import Path
from tests.faults.lab import lab

async def main():
    async with lab(Path(sys.argv[1])) as made:
        print(made.forker.pid, *(one.pid for one in made.processes.values()), flush=True)
        await asyncio.sleep(600)

asyncio.run(main())
"""


def test_every_process_ends_with_a_killed_runner(tmp_path):
    root = Path(__file__).parents[2]
    with subprocess.Popen(
        [sys.executable, "-c", _RUNNER, str(tmp_path)], stdout=subprocess.PIPE, cwd=root, text=True
    ) as runner:
        pids = [int(one) for one in runner.stdout.readline().split()]
        assert len(pids) == 5
        assert all(runs(pid) for pid in pids)
        runner.kill()
    deadline = time.monotonic() + 20
    while any(runs(pid) for pid in pids) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not any(runs(pid) for pid in pids)
