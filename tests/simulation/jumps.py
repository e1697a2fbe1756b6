"""Clocks that jump: by a second or by ten years, forwards and back, while a node runs or before it starts.

Beside what every course is judged by: nothing is dated by more than two minutes wrongly, whoever's clock is
wrong says so and takes no record, and takes them again by itself once the clock is right. Invariants, by the
name that a finding begins with:
    stamped   no leaf was received, and no head cosigned, more than two minutes from true time
    alarm     a far jump shows in the node's state, and authors are refused by a code of its own
    open      a slight jump closes nothing
    reopened  records are taken again after the clock is right, without a restart
"""

import asyncio
import base64
import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from tests.simulation import judge, rows
from tests.simulation.machines import Machine
from tests.simulation.peers import Wire
from tests.simulation.region import Region
from tests.simulation.statements import REGIONS
from tests.simulation.world import World, world

SECOND, MINUTE, HOUR, DAY, YEAR = 1_000, 60_000, 3_600_000, 86_400_000, 31_557_600_000
SLIGHT = (SECOND, 30 * SECOND, MINUTE, 110 * SECOND)
FAR = (130 * SECOND, 10 * MINUTE, HOUR, DAY, YEAR, 10 * YEAR)
RUNNING, STARTING, ALONE = "while it runs", "before it starts", "before it starts alone"
MOST_APART = 120_000
# What an answer about the time may be late by, and how long a stamp may be on its way to the disk.
_SLACK = 4 * SECOND
_LOOK = 0.2
_REOPENED_WITHIN = 60.0
_SETTLED_WITHIN = 90.0


@dataclass(frozen=True)
class Jump:
    """One clock that is set wrong, and right again after so many seconds."""

    region: str
    millis: int
    moment: str
    seconds: float

    @property
    def far(self) -> bool:
        return abs(self.millis) > MOST_APART

    def __str__(self) -> str:
        return f"{self.region} by {self.millis / 1000:+.0f} s {self.moment}"


@dataclass
class Jumped:
    """What was done and found; ``kinds`` counts jumps by moment and how far, ``stamps`` what was dated."""

    kinds: Counter[str] = field(default_factory=Counter)
    stamps: int = 0
    refused: int = 0
    receipts: int = 0
    findings: list[str] = field(default_factory=list)


def run(seed: int, jumps: int) -> Jumped:
    """So many jumps in one world, one after another, some in two regions at a time."""
    done = Jumped()
    with world(seed) as made:
        course = _Jumps(made, done, jumps)
        made.run(lambda _: course.run())
    return done


class _Jumps:
    """Drives one world."""

    def __init__(self, world: World, done: Jumped, jumps: int) -> None:
        self._world = world
        self._done = done
        self._rng = random.Random(f"jumps {world.seed}")
        self._machines = {name: Machine(world, one) for name, one in world.regions.items()}
        self._stamps = Stamps(world, done)
        self._deck = _deck(self._rng, jumps, alone=world.habits.copies > 0)

    async def run(self) -> None:
        background = [self._world.mine(), self._stamps.watch()]
        background += [machine.keep_running() for machine in self._machines.values()]
        tasks = [asyncio.ensure_future(one) for one in background]
        for machine in self._machines.values():
            await machine.answering()
        for authors in self._world.authors.values():
            authors.patience = 2.0
            await authors.register()
        load = asyncio.ensure_future(self._load())
        while self._deck:
            together = [self._deck.pop()]
            if self._deck and self._rng.random() < 0.3 and self._apart(together[0], self._deck[-1]):
                together.append(self._deck.pop())
            await asyncio.gather(*(self._jump(one) for one in together))
        load.cancel()
        await self._settle()
        for task in tasks:
            task.cancel()
        self._take_stock()

    def _apart(self, one: Jump, other: Jump) -> bool:
        """Whether they do not meet, in a region or on its links.

        Of three clocks two that are wrong by the same cannot be told from right ones by a node that starts.
        """
        moments = {one.moment, other.moment}
        opposed = moments == {RUNNING} or one.millis * other.millis < 0
        return one.region != other.region and RUNNING in moments and opposed

    async def _load(self) -> None:
        while True:
            self._world.authors[self._rng.choice(REGIONS)].any()
            await asyncio.sleep(self._rng.random() * 4)

    async def _jump(self, jump: Jump) -> None:
        machine = self._machines[jump.region]
        region = machine.region
        far = "far" if jump.far else "slightly"
        self._done.kinds[f"{far} {'on' if jump.millis > 0 else 'back'} {jump.moment}"] += 1
        self._world.note("jump", str(jump))
        refused = self._refusals(jump.region)
        if jump.moment == RUNNING:
            await self._until(lambda: _is_open(region), _REOPENED_WITHIN)
            region.clock.jump = jump.millis
        else:
            await self._start(jump, machine)
        await self._hold(jump, region)
        refused = self._refusals(jump.region) - refused
        self._done.refused += refused
        if jump.far and not refused:
            self._broken("alarm", jump, "nobody was refused")
        region.clock.jump = 0
        starts = region.starts
        if not await self._until(lambda: _is_open(region), _REOPENED_WITHIN):
            self._broken("reopened", jump, f"still closed: {_said(region)}")
        elif region.starts != starts:
            self._broken("reopened", jump, "only by a restart")

    async def _start(self, jump: Jump, machine: Machine) -> None:
        """A node that comes up with a wrong clock, over links that are slow, or cut for a while."""
        async with machine.down():
            machine.region.clock.jump = jump.millis
            self._wire(jump.region, Wire(cut=jump.moment == ALONE, slow=0.5))
        await machine.answering()
        # These come before anyone has told the time.
        self._world.authors[jump.region].burst(2)
        if jump.moment == ALONE:
            await self._stay_alone(jump, machine.region)
        else:
            await asyncio.sleep(5)
            self._wire(jump.region, Wire())

    async def _stay_alone(self, jump: Jump, region: Region) -> None:
        """With copies nothing is stamped on the node's own word; others then tell right from wrong."""
        await asyncio.sleep(3 + self._rng.random() * 7)
        if _is_open(region):
            self._broken("alarm", jump, "open though nobody has told it the time")
        self._wire(jump.region, Wire())
        if not jump.far and not await self._until(lambda: _is_open(region), _REOPENED_WITHIN):
            self._broken("reopened", jump, f"still closed: {_said(region)}")

    async def _hold(self, jump: Jump, region: Region) -> None:
        """The time of the jump: what the node says of itself, while authors ask."""
        told = False
        end = self._world.loop.time() + jump.seconds
        while self._world.loop.time() < end:
            self._world.authors[jump.region].one()
            await asyncio.sleep(1.0)
            if (said := _said(region)) is not None:
                told = True
                if not jump.far:
                    self._broken("open", jump, said)
                    return
        if jump.far and not told:
            self._broken("alarm", jump, "the node says nothing of it")

    def _refusals(self, region: str) -> int:
        return self._world.authors[region].answers.get("clock_departed", 0)

    def _wire(self, region: str, wire: Wire) -> None:
        for other in REGIONS:
            for pair in ((region, other), (other, region)):
                self._world.wires.wires[pair] = wire

    async def _settle(self) -> None:
        if not await self._until(lambda: judge.is_quiet(self._world), _SETTLED_WITHIN):
            self._done.findings += [f"settled: {text}" for text in judge.waiting(self._world)]

    async def _until(self, holds: Callable[[], bool], seconds: float) -> bool:
        end = self._world.loop.time() + seconds
        while not holds():
            if self._world.loop.time() > end:
                return False
            await asyncio.sleep(0.5)
        return True

    def _take_stock(self) -> None:
        self._stamps.look()
        self._done.receipts = sum(len(one.given) for one in self._world.authors.values())
        self._done.findings += judge.findings(self._world)

    def _broken(self, invariant: str, jump: Jump, what: str) -> None:
        self._done.findings.append(f"{invariant}: {jump}: {what}")


class Stamps:
    """Holds every date that becomes part of a log against true time, as soon as it is written."""

    def __init__(self, world: World, done: Jumped) -> None:
        self._world = world
        self._done = done
        self._leaves: Counter[object] = Counter()
        self._lines: set[tuple[object, int, str]] = set()

    async def watch(self) -> None:
        while True:
            self.look()
            await asyncio.sleep(_LOOK)

    def look(self) -> None:
        for region in self._world.regions.values():
            for origin in list(region.disk.tables.get("size", {})):
                if origin.region == region.name:
                    self._look_at_leaves(region, origin)
            self._look_at_lines(region)

    def _look_at_leaves(self, region: Region, origin) -> None:
        for leaf in rows.leaves(region.disk, origin, self._leaves[origin], 1 << 40):
            self._compare(f"{origin} leaf {self._leaves[origin]}", leaf.received)
            self._leaves[origin] += 1

    def _look_at_lines(self, region: Region) -> None:
        """Only the region's own lines: others are copied from where they were written, later."""
        own = f"/{region.name}/witness"
        for (origin, size), row in region.disk.tables.get("anchor", {}).items():
            for name, line in row.cosignatures.items():
                if name.endswith(own) and (origin, size, name) not in self._lines:
                    self._lines.add((origin, size, name))
                    seconds = int.from_bytes(base64.b64decode(line.split()[-1])[4:12], "big")
                    self._compare(f"{name} on {origin} size {size}", seconds * 1000)

    def _compare(self, what: str, said: int) -> None:
        self._done.stamps += 1
        apart = said - self._world._time()
        if abs(apart) > MOST_APART + _SLACK:
            self._done.findings.append(f"stamped: {what} is {apart / 1000:+.0f} s from true time")


def _deck(rng: random.Random, jumps: int, *, alone: bool) -> list[Jump]:
    """Each distance, direction and moment before any comes again."""
    moments = (RUNNING, STARTING, ALONE) if alone else (RUNNING, STARTING)
    cells = [
        (sign * size, moment) for size in SLIGHT + FAR for sign in (1, -1) for moment in moments
    ]
    rng.shuffle(cells)
    return [
        Jump(rng.choice(REGIONS), *cells[at % len(cells)], rng.uniform(5, 25))
        for at in range(jumps)
    ]


def _said(region: Region) -> str | None:
    """Why the node there does not believe its clock, as /readyz shows it."""
    process = region.answering
    return None if process is None else process.node.readiness()["clock"]


def _is_open(region: Region) -> bool:
    return region.answering is not None and region.answering.node.readiness()["ready"]
