"""Chunks side by side, each in a process of its own that ends with it; only what is finished comes back."""

import ctypes
import multiprocessing
import os
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess

from tests.scorecard.row import Chunk, Row

_PR_SET_PDEATHSIG = 1
_STOP_SECONDS = 20.0
_CONTEXT = multiprocessing.get_context("fork")


@dataclass
class _Job:
    """A chunk under way; ``place`` says which range of ports is its own."""

    row: Row
    place: int
    process: BaseProcess
    answer: Connection
    began: float


class Pool:
    """Runs chunks until the block ends; what is not finished by then is stopped and forgotten."""

    def __init__(self) -> None:
        self._jobs: list[_Job] = []

    def __enter__(self) -> "Pool":
        return self

    def __exit__(self, *_: object) -> None:
        """Interrupt what runs, so that it clears up behind itself, and end what does not listen."""
        for job in self._jobs:
            # Ctrl-C is for us alone: they run in sessions of their own.
            if job.process.is_alive():
                os.kill(job.process.pid, signal.SIGINT)
        deadline = time.monotonic() + _STOP_SECONDS
        for job in self._jobs:
            job.process.join(max(0.0, deadline - time.monotonic()))
            job.process.kill()
            job.process.join()
        self._jobs = []

    @property
    def running(self) -> list[Row]:
        return [job.row for job in self._jobs]

    def start(self, row: Row, seed: int) -> None:
        place = next(one for one in range(len(self._jobs) + 1) if one not in self._places())
        answer, give = _CONTEXT.Pipe(duplex=False)
        process = _CONTEXT.Process(target=_work, args=(row, seed, place, os.getpid(), give))
        process.start()
        # Ours is closed, so that the pipe tells when theirs is.
        give.close()
        self._jobs.append(_Job(row, place, process, answer, time.monotonic()))

    def finished(self) -> Iterator[tuple[Row, Chunk, float]]:
        """Wait until a chunk is finished; what it found, and its seconds."""
        ready = wait([job.answer for job in self._jobs])
        for job in [one for one in self._jobs if one.answer in ready]:
            chunk = None
            with suppress(EOFError):
                chunk = job.answer.recv()
            job.process.join()
            self._jobs.remove(job)
            lost = Chunk(0, [f"ended: the chunk's process, with {job.process.exitcode}"])
            yield job.row, chunk or lost, time.monotonic() - job.began

    def _places(self) -> set[int]:
        return {job.place for job in self._jobs}


def interruptible() -> None:
    """Have both signals end this process as Ctrl-C does; a shell's background jobs are born deaf to one."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.default_int_handler)


def _work(row: Row, seed: int, place: int, parent: int, give: Connection) -> None:
    """In the process of a chunk."""
    os.setsid()
    interruptible()
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != parent:
            return
    # The laboratory keeps the ports of processes beside one another apart by this.
    os.environ["PYTEST_XDIST_WORKER"] = f"gw{place}"
    with suppress(KeyboardInterrupt):
        give.send(row.run(seed))
