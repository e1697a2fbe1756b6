"""Kills processes at random moments and at every failpoint, also while they recover; starts them again."""

import asyncio
import contextlib
import random
import shutil
import sqlite3
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tests.faults.lab import CHAIN, REGIONS, Lab
from tests.faults.striking import Strike, points

# Seconds; each of them is reached every second while records come in and the others answer.
REACHED_WITHIN = 4.0
# Seconds on an old database: a node whose neighbours are down takes three to believe its clock and answer.
_OLD_SECONDS = 5.0
# The most seconds between two strikes of a process; the chain, which starts in no time, is left alone longer.
_PAUSE = {CHAIN: 2.5} | dict.fromkeys(REGIONS, 0.8)


@dataclass
class Killer:
    """Kills by a fixed seed, each process in a lane of its own; what they are doing then is up to chance.

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
        self._dice = {name: random.Random(f"{self.seed} {name}") for name in _PAUSE}
        self._shuffle = random.Random(self.seed)
        self._deck: list[str] = []

    @property
    def total(self) -> int:
        return sum(self.kills.values())

    async def run(self, kills: int, most_seconds: float) -> None:
        """That many kills, a fifth at failpoints, or what the time allows; all runs again at the end."""
        await self.restore(self._shuffle.choice(REGIONS))
        deadline = asyncio.get_running_loop().time() + most_seconds
        async with asyncio.TaskGroup() as lanes:
            for name in _PAUSE:
                lanes.create_task(self._lane(name, kills, deadline))

    async def _lane(self, name: str, kills: int, deadline: float) -> None:
        """One process at its own pace, so that several are down at once; each dies even in a short run."""
        dice, struck = self._dice[name], False
        while not struck or self._goes_on(kills, deadline):
            await self._strike(name)
            # A second blow while it reads its log again, moves its lock, opens its port; one in every run.
            again, struck = not struck or dice.random() < 0.35, True
            while again and self.total < kills:
                await asyncio.sleep(dice.random() * 0.3)
                self.recovering += not await self.lab.is_answering(name)
                await self._strike(name)
                again = dice.random() < 0.35
            if dice.random() < 0.75:
                await self.lab.answering(name)
            await asyncio.sleep(dice.random() * _PAUSE[name])

    def _goes_on(self, kills: int, deadline: float) -> bool:
        # On a busy machine fewer nodes get as far as their failpoint before they are killed.
        enough = self.total >= kills and self.points.total() >= kills / 5
        return not enough and asyncio.get_running_loop().time() < deadline

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
        held = _leaves(old, region)
        await self._run_for(region, 0.5)
        # Only a node that has promised more can be wrong to lead with the copy, in which leaves may stand
        # that nobody was promised before it was made.
        while self.highest.get(region, -1) < held:
            await asyncio.sleep(0.05)
        await self._kill(region)
        data.rename(own)
        old.rename(data)
        await self._run_for(region, _OLD_SECONDS)
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

    async def _strike(self, name: str) -> None:
        dice = self._dice[name]
        await self._kill(name)
        await asyncio.sleep(dice.choice((0.0, 0.0, 0.05, 0.5)) * dice.random())
        if name in REGIONS and dice.random() < 0.8:
            await self._strike_at(name, Strike(self._point(), dice.randrange(3)))
        execs = dice.random() < 0.015
        self.execs += execs
        await self.lab.start(name, exec_=execs)

    async def _strike_at(self, name: str, strike: Strike) -> None:
        """Start it so that it dies there by its own hand; it is killed where it does not come so far."""
        await self.lab.start(name, strike=strike)
        if await self.lab.struck(name, REACHED_WITHIN):
            self.points[strike.point] += 1
            self.kills[name] = self.kills.get(name, 0) + 1
        else:
            await self._kill(name)

    def _point(self) -> str:
        """Each failpoint once before any comes again."""
        if not self._deck:
            self._deck = points(self.lab.copies)
            self._shuffle.shuffle(self._deck)
        return self._deck.pop()

    async def _kill(self, name: str) -> None:
        if await self.lab.kill(name):
            self.kills[name] = self.kills.get(name, 0) + 1


def _leaves(data: Path, region: str) -> int:
    """How many leaves of the region's own log stand in a database at rest."""
    query = "SELECT count(*) FROM leaf WHERE origin LIKE ?"
    file = f"file:{data / 'ledger.sqlite'}?mode=ro"
    with contextlib.closing(sqlite3.connect(file, uri=True)) as database:
        return database.execute(query, (f"%/{region}/1",)).fetchone()[0]
