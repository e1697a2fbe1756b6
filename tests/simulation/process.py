"""A process of the simulation: it can be killed between any two steps, and then nothing of it runs again."""

import asyncio
import contextlib
from contextvars import Context, ContextVar
from dataclasses import dataclass, field
from enum import Enum

PROCESS: ContextVar["Process | None"] = ContextVar("PROCESS", default=None)
"""The process whose code is running; None for the world around: authors, chain, faults."""


class Crashed(BaseException):
    """The process was killed at this very place; what still unwinds must have no effect."""


class ConnectionLostError(Exception):
    """Whoever asked a process gets no answer; what became of the request is unknown."""


class State(Enum):
    RUNNING = "running"
    FROZEN = "frozen"
    DEAD = "dead"


@dataclass(eq=False)
class Process:
    """One start of one region's node.

    Attributes:
        name: the region.
        number: counts the starts of the region.
        born: virtual time of the start.
        after_crash: whether it has to recover.
        tasks: every task it ever started, with its context. Held to the end, so that no destructor of a
            killed task runs in the middle of the simulation.
        asked: answers that others wait for, in order: a set's order differs from run to run.
    """

    name: str
    number: int
    born: float
    after_crash: bool
    state: State = State.RUNNING
    tasks: list[tuple[asyncio.Task, Context]] = field(default_factory=list)
    asked: dict[asyncio.Future, None] = field(default_factory=dict)
    parked: list[asyncio.Handle] = field(default_factory=list)

    @property
    def alive(self) -> bool:
        return self.state is not State.DEAD

    def may_run(self, handle: asyncio.Handle) -> bool:
        if self.state is State.RUNNING:
            return True
        if self.state is State.FROZEN:
            self.parked.append(handle)
        return False

    def check(self) -> None:
        """Raise Crashed in whatever still unwinds after the end: it can touch nothing any more."""
        if self.state is State.DEAD:
            raise Crashed(self.name)

    def kill(self) -> None:
        """End now: no task is cancelled, no block is left in order; who waits for an answer gets none."""
        self.state = State.DEAD
        self.parked.clear()
        for answer in self.asked:
            if not answer.done():
                answer.set_exception(ConnectionLostError(self.name))
        self.asked.clear()

    def dispose(self) -> None:
        """Let go of what is left of its tasks, once the loop takes no more callbacks."""
        for task, context in self.tasks:
            task._log_destroy_pending = False
            if task.done():
                task._log_traceback = False
                continue
            coroutine = task.get_coro()
            # A block that awaits while it is closed refuses to end; each try gets one block further.
            for _ in range(8):
                with contextlib.suppress(BaseException):
                    # In its own context: what a block set there it can only take back there.
                    context.run(coroutine.close)
                    break
        self.tasks.clear()
