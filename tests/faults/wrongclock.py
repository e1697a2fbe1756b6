"""Wall clocks of running processes are set wrong; monotonic time goes on.

Usage: python -m tests.faults.wrongclock CLOCK MODULE [ARGUMENTS]: runs the module, its wall time moved by the
seconds that stand in the file. (libfaketime takes a lock at each wait of a thread, which slows a node down.)
"""

import runpy
import sys
import time
from pathlib import Path


def set_wrong(clock: Path, seconds: int) -> None:
    """Wall time is wrong by so much from now on."""
    fresh = clock.with_suffix(".new")
    fresh.write_text(f"{seconds:+d}\n")
    # At once: a look at a file half written would take it for no number at all.
    fresh.replace(clock)


def go_by(clock: Path) -> None:
    """Move this process's wall time by what stands in that file, read anew at each look."""
    seconds, nanoseconds = time.time, time.time_ns

    def wrong_by() -> int:
        return int(clock.read_text())

    time.time = lambda: seconds() + wrong_by()
    time.time_ns = lambda: nanoseconds() + wrong_by() * 1_000_000_000


if __name__ == "__main__":
    go_by(Path(sys.argv[1]))
    sys.argv = sys.argv[2:]
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
