"""``python tether.py PARENT PROGRAM ARGUMENT…``: becomes the program, and is killed when its parent ends.

Run as a file, so that it loads nothing: it stands between us and an engine that cannot ask for this itself.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1


def main() -> None:
    """Ask the kernel, where it can be asked, and become the program."""
    parent, program, *arguments = sys.argv[1:]
    if sys.platform == "linux":
        # Holds across exec. By kill -9, which the chain outlives.
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != int(parent):
            # It ended before the kernel was asked, and nobody else would end this.
            return
    os.execv(program, [program, *arguments])  # noqa: S606 - the program that our caller names


if __name__ == "__main__":
    main()
