"""``python -m tests.faults.forker``: loads the product once, then forks its processes from there.

Imports alone cost seconds, so a process that is killed hundreds of times must not pay for them each
time. Reads one JSON command a line, answers each with one line. When its input ends, because the runner
has ended in whatever way, it kills what it started and goes.
"""

import ctypes
import gc
import importlib
import json
import os
import signal
import sys
import traceback

from tests.faults import jobs
from tests.faults.striking import Strike, arm

_PR_SET_PDEATHSIG = 1


class Forker:
    """Children by pid; only they are ever signalled, and only while they are not yet reaped."""

    def __init__(self) -> None:
        self._alive: set[int] = set()
        self._gone: dict[int, int] = {}
        self._libc = ctypes.CDLL(None, use_errno=True)

    def start(
        self,
        job: str,
        arguments: dict,
        log: str,
        plant: str | None,
        strike: dict | None,
        exec_: bool,
    ) -> dict:
        parent = os.getpid()
        pid = os.fork()
        if pid == 0:
            self._become(parent, job, arguments, log, plant, strike, exec_)
        self._alive.add(pid)
        self._gone.pop(pid, None)
        return {"pid": pid}

    def kill(self, pid: int) -> dict:
        """Kill -9; ``status`` is set if it had ended by itself before."""
        if ended := self._ended(pid):
            return ended
        os.kill(pid, signal.SIGKILL)
        self.wait(pid)
        return {"status": None}

    def signal(self, pid: int, number: int) -> dict:
        """``status`` is set if it had ended before."""
        if ended := self._ended(pid):
            return ended
        os.kill(pid, number)
        return {"status": None}

    def wait(self, pid: int) -> dict:
        _, status = os.waitpid(pid, 0)
        self._alive.discard(pid)
        self._gone[pid] = os.waitstatus_to_exitcode(status)
        return {"status": self._gone[pid]}

    def poll(self, pid: int) -> dict:
        return self._ended(pid) or {"status": None}

    def stop_all(self) -> None:
        for pid in list(self._alive):
            self.kill(pid)

    def _ended(self, pid: int) -> dict | None:
        """How it ended, also for the second who asks."""
        if pid in self._alive:
            done, status = os.waitpid(pid, os.WNOHANG)
            if not done:
                return None
            self._alive.discard(pid)
            self._gone[pid] = os.waitstatus_to_exitcode(status)
        return {"status": self._gone[pid]}

    def _become(self, parent, job, arguments, log, plant, strike, exec_) -> None:
        status = 1
        try:
            # Holds across exec too, so that nothing of ours outlives the runner.
            self._libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
            if os.getppid() != parent:
                os._exit(1)
            signal.signal(signal.SIGINT, signal.SIG_DFL)
            output = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
            null = os.open(os.devnull, os.O_RDONLY)
            for source, target in ((null, 0), (output, 1), (output, 2)):
                os.dup2(source, target)
            if exec_:
                os.execv(sys.executable, [sys.executable, *jobs.command(job, arguments)])
            if plant is not None:
                importlib.import_module(f"tests.faults.planted.{plant}").plant()
            if strike is not None:
                arm(Strike(**strike))
            status = jobs.JOBS[job](**arguments) or 0
        except SystemExit as end:
            status = end.code if isinstance(end.code, int) else 1
        except BaseException:  # noqa: BLE001 - whatever it was ends this child, not its parent
            traceback.print_exc()
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(status)


def main() -> None:
    jobs.preload()
    gc.collect()
    gc.freeze()
    forker = Forker()
    print(json.dumps({"ready": os.getpid()}), flush=True)
    for line in sys.stdin:
        command = json.loads(line)
        answer = getattr(forker, command.pop("do"))(**command)
        print(json.dumps(answer), flush=True)
    forker.stop_all()


if __name__ == "__main__":
    main()
