"""Whether a process runs, and making it stand still."""

import contextlib
import os
import signal
import time
from pathlib import Path

_SECONDS = 10.0
_LOOK_SECONDS = 0.001


def runs(pid: int) -> bool:
    """Whether it runs; one that ended and was not yet asked for does not."""
    return any(state != "Z" for state in states(pid))


def halt(pid: int) -> None:
    """Stop every thread of a process with SIGSTOP, until a SIGCONT; returns once all of them stand.

    The signal alone stops the one thread that takes it, once that has its turn on a processor, and only then
    the others: on a busy machine a server answers some milliseconds longer, and passes for one that runs.

    Raises ProcessLookupError where there is none, TimeoutError where it does not come to stand.
    """
    os.kill(pid, signal.SIGSTOP)
    end = time.monotonic() + _SECONDS
    while set(states(pid)) != {"T"}:
        if time.monotonic() > end:
            raise TimeoutError(f"process {pid} does not stand: {states(pid)}")
        time.sleep(_LOOK_SECONDS)


def states(pid: int) -> list[str]:
    """The state of each thread, by the letters of proc(5)."""
    found = []
    for task in Path(f"/proc/{pid}/task").glob("*/stat"):
        # A thread may end between the two looks.
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            found.append(task.read_text().rpartition(")")[2].split()[0])
    return found
