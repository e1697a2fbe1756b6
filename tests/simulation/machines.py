"""Keeps the regions' processes running, as an init system would, unless somebody wants a region down."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from tests.simulation.region import Region
from tests.simulation.world import World


class Machine:
    """One region's machine; ``storage`` is held by whoever meddles with its disk or lock."""

    def __init__(self, world: World, region: Region) -> None:
        self._world = world
        self.region = region
        self._held = 0
        self.storage = asyncio.Lock()

    async def keep_running(self) -> None:
        """Start the node again a while after it ended, for ever."""
        rng = self._world.rng
        while True:
            if self.region.process is None and not self._held:
                await asyncio.sleep(rng.choice((0.1, 0.5, 2.0)) * rng.random())
                if self.region.process is None and not self._held:
                    self.region.start()
            await asyncio.sleep(0.25)

    @asynccontextmanager
    async def down(self) -> AsyncIterator[None]:
        """The region is down within this block."""
        self._held += 1
        try:
            self.region.kill()
            yield
        finally:
            self._held -= 1

    async def answering(self, seconds: float = 30.0) -> bool:
        """Wait until the node answers; whether it does."""
        end = self._world.loop.time() + seconds
        while self.region.answering is None:
            if self._world.loop.time() > end:
                return False
            await asyncio.sleep(0.1)
        return True
