"""Kills processes at random moments and at every failpoint, also while they recover; starts them again."""

import asyncio
import random
import shutil
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from tests.faults.lab import CHAIN, REGIONS, Lab
from tests.faults.striking import Strike, points

# Seconds; each of them is reached several times a second while records come in.
REACHED_WITHIN = 4.0


@dataclass
class Killer:
    """Kills by a fixed seed; what the system is doing at that moment is up to chance.

    Attributes:
        highest: highest log index that each region has promised so far.
        kills: by name of the process.
        points: nodes that were killed by their own hand, by failpoint.
        recovering: how many of them hit a process that had not answered since its last start.
        restored: how many times a node was started on an old copy of its database.
        execs: how many restarts began a fresh interpreter instead of a fork.
    """

    lab: Lab
    seed: int
    highest: Mapping[str, int]
    kills: dict[str, int] = field(default_factory=dict)
    points: Counter[str] = field(default_factory=Counter)
    recovering: int = 0
    restored: int = 0
    execs: int = 0

    def __post_init__(self) -> None:
        self._random = random.Random(self.seed)
        # Each of the four dies even in a short run.
        self._first = [*REGIONS, CHAIN]
        self._deck: list[str] = []

    @property
    def total(self) -> int:
        return sum(self.kills.values())

    async def run(self, kills: int, most_seconds: float) -> None:
        """That many kills, or as many as the time allows; all runs again at the end."""
        deadline = asyncio.get_running_loop().time() + most_seconds
        await self.restore(self._random.choice(REGIONS))
        while self.total < kills and asyncio.get_running_loop().time() < deadline:
            name = self._first.pop() if self._first else self._victim()
            await self._strike(name)
            # A second blow while it reads its log again, moves its lock, opens its port.
            while self._random.random() < 0.35 and self.total < kills:
                await asyncio.sleep(self._random.random() * 0.6)
                self.recovering += not await self.lab.is_answering(name)
                await self._strike(name)
            if self._random.random() < 0.75:
                await self.lab.answering(name)
            await asyncio.sleep(self._random.random() * 0.8)

    async def restore(self, region: str) -> None:
        """Start a node on an old copy of its database for a while, then on its own again.

        It has promised more than the copy holds, so it may sign nothing meanwhile. Where it promises alone,
        the other regions are down: what it promised stands in no mirror, and only its own lock can tell.
        """
        others = [name for name in REGIONS if name != region and not self.lab.copies]
        for name in others:
            await self._kill(name)
        data = self.lab.folder / "data" / region
        old, own = data.with_name(f"{region}.old"), data.with_name(f"{region}.own")
        await self._kill(region)
        shutil.copytree(data, old)
        promised = self.highest.get(region, -1)
        await self._run_for(region, 0.5)
        # Only a node that has promised more since can be wrong to lead with the copy.
        while self.highest.get(region, -1) <= promised:
            await asyncio.sleep(0.05)
        await self._kill(region)
        data.rename(own)
        old.rename(data)
        await self._run_for(region, 1.5)
        await self._kill(region)
        if self.lab.copies:
            # It fetched what it lacked and led rightly: what the other copy held unpromised never counted.
            shutil.rmtree(own)
        else:
            shutil.rmtree(data)
            own.rename(data)
        for name in (region, *others):
            await self.lab.start(name)
        for name in (region, *others):
            await self.lab.answering(name)
        self.restored += 1

    async def _run_for(self, name: str, seconds: float) -> None:
        await self.lab.start(name)
        await self.lab.answering(name)
        await asyncio.sleep(seconds)

    def _victim(self) -> str:
        return self._random.choice((*REGIONS, CHAIN))

    async def _strike(self, name: str) -> None:
        await self._kill(name)
        await asyncio.sleep(self._random.choice((0.0, 0.0, 0.05, 0.5)) * self._random.random())
        if name in REGIONS and self._random.random() < 0.8:
            await self._strike_at(name, self._point())
        execs = self._random.random() < 0.03
        self.execs += execs
        await self.lab.start(name, exec_=execs)

    async def _strike_at(self, name: str, point: str) -> None:
        """Start it so that it dies there by its own hand; it is killed where it does not come so far."""
        await self.lab.start(name, strike=Strike(point, self._random.randrange(3)))
        if await self.lab.struck(name, REACHED_WITHIN):
            self.points[point] += 1
            self.kills[name] = self.kills.get(name, 0) + 1
        else:
            await self._kill(name)

    def _point(self) -> str:
        """Each failpoint once before any comes again."""
        if not self._deck:
            self._deck = points(self.lab.copies)
            self._random.shuffle(self._deck)
        return self._deck.pop()

    async def _kill(self, name: str) -> None:
        if await self.lab.kill(name):
            self.kills[name] = self.kills.get(name, 0) + 1
