"""The real clock, randomness and tasks: the only place where the node touches them."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Coroutine
from contextlib import AbstractAsyncContextManager
from typing import Any

from ledger.values import Millis


class SystemClock:
    """ports.Clock of the machine."""

    def now(self) -> Millis:
        """Wall time in milliseconds since 1970."""
        return Millis(time.time_ns() // 1_000_000)

    def monotonic(self) -> float:
        """Seconds that never go back."""
        return time.monotonic()


class SystemRandom:
    """ports.Random of the operating system."""

    def bytes(self, n: int) -> bytes:
        """N unpredictable bytes."""
        return secrets.token_bytes(n)


class AsyncioTasks:
    """ports.Tasks on the running event loop.

    The first error that leaves a task is kept in ``failed``; whoever runs the node waits for it and
    ends the process, since a worker that died silently would break a promise later.
    """

    def __init__(self) -> None:
        self._running: set[asyncio.Task[None]] = set()
        self.failed: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def spawn(self, name: str, work: Coroutine[Any, Any, None]) -> None:
        """Start work in the background."""
        task = asyncio.create_task(work, name=name)
        self._running.add(task)
        task.add_done_callback(self._ended)

    async def sleep(self, seconds: float) -> None:
        """Let others run for that long."""
        await asyncio.sleep(seconds)

    def timeout(self, seconds: float) -> AbstractAsyncContextManager[Any]:
        """Raise TimeoutError inside the block after that long."""
        return asyncio.timeout(seconds)

    async def stop(self) -> None:
        """Cancel what runs and wait until it has ended."""
        for task in list(self._running):
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)
        self.failed.cancel()

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._running.discard(task)
        if task.cancelled():
            return
        error = task.exception()
        if error is not None and not self.failed.done():
            self.failed.set_exception(error)
