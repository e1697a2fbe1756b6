"""Room for bodies in memory: whoever finds none waits in line, and whoever dawdles meanwhile is cut off."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

MOST_WAITING: Final = 32
"""Those who wait hold what has already arrived of them."""
PATIENCE: Final = 5.0
"""Seconds that a body may take to arrive while others wait."""
_LOOK: Final = 0.5


class FullError(Exception):
    """Too many wait already."""


class Place:
    """The bytes of one request, from before its body arrives until it is answered."""

    def __init__(self, size: int) -> None:
        self.size = size
        self._since = asyncio.get_running_loop().time()
        self._reading: asyncio.Timeout | None = None
        self._is_here = False

    @asynccontextmanager
    async def arriving(self) -> AsyncIterator[None]:
        """While the next part is waited for; raises TimeoutError when others have waited too long."""
        async with asyncio.timeout(None) as reading:
            self._reading = reading
            try:
                yield
            finally:
                self._reading = None

    def arrived(self) -> None:
        """From here on only our own work takes time."""
        self._is_here = True

    def hurry(self) -> None:
        """Cut it off where it takes too long to arrive."""
        now = asyncio.get_running_loop().time()
        if self._reading is not None and not self._is_here and now - self._since > PATIENCE:
            self._reading.reschedule(now)
            # Once: others may look at it again before it has ended.
            self._reading = None


class Room:
    """So many bytes, given out in order of arrival."""

    def __init__(self, size: int) -> None:
        self._free = size
        self._taken: dict[Place, None] = {}
        self._waiting: deque[tuple[int, asyncio.Future[None]]] = deque()

    @asynccontextmanager
    async def __call__(self, size: int) -> AsyncIterator[Place]:
        """A place of that size, given back at the end of the block; waits for it.

        Raises FullError.
        """
        await self._take(size)
        place = Place(size)
        self._taken[place] = None
        try:
            yield place
        finally:
            del self._taken[place]
            self._give_back(size)

    async def _take(self, size: int) -> None:
        if not self._waiting and size <= self._free:
            self._free -= size
            return
        if len(self._waiting) >= MOST_WAITING:
            raise FullError
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((size, turn))
        try:
            while not turn.done():
                for place in list(self._taken):
                    place.hurry()
                await asyncio.wait({turn}, timeout=_LOOK)
        except asyncio.CancelledError:
            if turn.done():
                self._give_back(size)
            turn.cancel()
            raise

    def _give_back(self, size: int) -> None:
        self._free += size
        while self._waiting and (self._waiting[0][1].done() or self._waiting[0][0] <= self._free):
            wanted, turn = self._waiting.popleft()
            if not turn.done():
                self._free -= wanted
                turn.set_result(None)
