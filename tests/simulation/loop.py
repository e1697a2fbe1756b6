"""An event loop whose time is virtual and whose order is a seed's: no threads, no sockets, no waiting.

Real event loops promise next to nothing about which of several ready callbacks runs first, and a program
that leans on their habits breaks under load. Here the seed chooses.
"""

import asyncio
import contextvars
import heapq
import random
import sys
from asyncio import events

from tests.simulation.process import PROCESS

# What one callback is said to cost: without it no timer could ever strike between two ready callbacks.
STEP_SECONDS = 2e-5


MOST_SECONDS, MOST_STEPS = 3600.0, 500_000


class EndlessError(Exception):
    """The course does not come to its end: nothing is left to do, or there is no end to it."""


class VirtualLoop(asyncio.BaseEventLoop):
    """Runs callbacks one at a time; when none is ready, time jumps to the next timer.

    Attributes:
        steps: callbacks run so far; the position in the trace.
        unexpected: what left a callback or a task unhandled though no fault explains it.
        most_seconds, most_steps: beyond these the course counts as endless.
    """

    def __init__(self, rng: random.Random, mixing: float) -> None:
        super().__init__()
        self._rng = rng
        self._mixing = mixing
        self._now = 0.0
        self._ready: list[asyncio.Handle] = []
        self._timers: list[tuple[float, int, asyncio.TimerHandle]] = []
        self._timed = 0
        self._ended = False
        self.steps = 0
        self.unexpected: list[str] = []
        self.most_seconds, self.most_steps = MOST_SECONDS, MOST_STEPS
        self.set_exception_handler(self._note)

    def time(self) -> float:
        return self._now

    def call_soon(self, callback, *args, context=None):
        handle = asyncio.Handle(callback, args, self, context)
        if not self._ended:
            self._ready.append(handle)
        return handle

    # There is one thread: what asks for this asks for call_soon.
    call_soon_threadsafe = call_soon

    def call_at(self, when, callback, *args, context=None):
        timer = asyncio.TimerHandle(when, callback, args, self, context)
        if not self._ended:
            self._timed += 1
            heapq.heappush(self._timers, (when, self._timed, timer))
            timer._scheduled = True
        return timer

    def call_later(self, delay, callback, *args, context=None):
        return self.call_at(self._now + delay, callback, *args, context=context)

    def _timer_handle_cancelled(self, handle) -> None:
        """Left in the heap; passed over when its time comes."""

    def run_in_executor(self, executor, func, *args):
        raise AssertionError(f"a thread was asked for, to run {func}")

    def create_task(self, coro, *, name=None, context=None):
        context = contextvars.copy_context() if context is None else context
        task = asyncio.Task(coro, loop=self, name=name, context=context)
        process = context.get(PROCESS)
        if process is not None:
            process.tasks.append((task, context))
        return task

    def put_back(self, handles) -> None:
        """Callbacks of a process that was frozen may run again."""
        self._ready.extend(handles)

    def run_forever(self) -> None:
        hooks = sys.get_asyncgen_hooks()
        events._set_running_loop(self)
        sys.set_asyncgen_hooks(finalizer=lambda agen: self.create_task(agen.aclose()))
        try:
            while not self._stopping:
                self._run_once()
        finally:
            self._stopping = False
            events._set_running_loop(None)
            sys.set_asyncgen_hooks(*hooks)

    def end(self) -> None:
        """Take no more callbacks; what is left of tasks may be disposed of."""
        self._ended = True
        self._ready.clear()
        self._timers.clear()

    def _run_once(self) -> None:
        ready, timers = self._ready, self._timers
        if not ready and timers:
            self._now = max(self._now, timers[0][0])
        while timers and timers[0][0] <= self._now:
            timer = heapq.heappop(timers)[2]
            if not timer._cancelled:
                ready.append(timer)
        if not ready:
            if not timers:
                raise EndlessError("every task waits for what can never come")
            return
        if self._now > self.most_seconds or self.steps > self.most_steps:
            raise EndlessError(f"{self.steps} steps in {self._now:.0f} virtual seconds")
        handle = ready.pop(self._choose(len(ready)))
        if handle._cancelled:
            return
        process = handle._context.get(PROCESS)
        if process is not None and not process.may_run(handle):
            return
        self.steps += 1
        self._now += STEP_SECONDS
        handle._run()

    def _choose(self, count: int) -> int:
        if count == 1 or self._rng.random() >= self._mixing:
            return 0
        return self._rng.randrange(count)

    def _note(self, _loop, context) -> None:
        error = context.get("exception")
        self.unexpected.append(f"{context.get('message')}: {error!r}")
