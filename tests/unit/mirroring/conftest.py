import asyncio
from contextlib import AsyncExitStack

import pytest

from ledger.store import SqliteStore
from tests.unit.anchoring.model_chain import ModelWorld
from tests.unit.anchoring.support import HandClock
from tests.unit.mirroring.holding import town_in
from tests.unit.mirroring.regions import NAMES, Region, policies


class Three:
    """Beijing, Tianjin, Hebei on one chain and one clock."""

    def __init__(self, world: ModelWorld, clock: HandClock, regions: list[Region]) -> None:
        self.world = world
        self.clock = clock
        self.regions = regions
        self.beijing, self.tianjin, self.hebei = regions

    async def tick(self, *, without: tuple[Region, ...] = (), seconds: float = 1) -> None:
        """One second: every region that runs takes one step of everything."""
        self.clock.turn(seconds)
        for region in self.regions:
            if region in without:
                continue
            await region.anchorer.step()
            await region.mirror.step()
            await region.follower.step()
            await region.witness.step()

    async def settle(self, ticks: int = 6, seconds: float = 1) -> None:
        for _ in range(ticks):
            await self.tick(seconds=seconds)


@pytest.fixture
def three(tmp_path):
    """Run an async test with three regions."""

    def run(test):
        async def whole():
            async with AsyncExitStack() as stack:
                world, clock = ModelWorld(), HandClock()
                regions = []
                for name in NAMES:
                    store = await SqliteStore.open(tmp_path / f"{name}.db")
                    stack.push_async_callback(store.close)
                    regions.append(Region(name, store, world, clock, policies()))
                for region in regions:
                    region.connect(regions)
                await test(Three(world, clock, regions))

        asyncio.run(whole())

    return run


@pytest.fixture
def town(tmp_path):
    """Run an async test with two mirrors and a folder for homes."""

    def run(test):
        async def whole():
            async with town_in(tmp_path) as made:
                await test(made)

        asyncio.run(whole())

    return run
