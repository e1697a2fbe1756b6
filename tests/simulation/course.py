"""The course of one seed: load, faults one after another and side by side, quiet, judgement."""

import asyncio
from collections import Counter
from dataclasses import dataclass, field

from tests.simulation import judge
from tests.simulation.coverage import CELLS, Cell
from tests.simulation.faults import Faults
from tests.simulation.loop import EndlessError
from tests.simulation.losing import Losses
from tests.simulation.machines import Machine
from tests.simulation.scenes import Scenes
from tests.simulation.statements import REGIONS
from tests.simulation.striking import Strike, Striker
from tests.simulation.world import World, world

LOADED_SECONDS = 600.0
SETTLE_SECONDS = 60.0
# How far a look may be away after an alarm, and so how much later all is anchored where one stood.
ALARM_SECONDS = 60.0
STRIKES = 6


@dataclass
class Outcome:
    """What a seed did and found; ``findings`` is empty where every promise was kept."""

    seed: int
    copies: int = 0
    digest: str = ""
    steps: int = 0
    virtual_seconds: float = 0.0
    faults: Counter[str] = field(default_factory=Counter)
    counted: Counter[str] = field(default_factory=Counter)
    receipts: int = 0
    statements: int = 0
    settled_seconds: float = 0.0
    findings: list[str] = field(default_factory=list)

    def broken(self) -> set[str]:
        """Names of the invariants that do not hold."""
        return {finding.partition(":")[0] for finding in self.findings}

    def __str__(self) -> str:
        kinds = ", ".join(f"{name} {count}" for name, count in sorted(self.faults.items()))
        return (
            f"seed {self.seed}: {self.virtual_seconds:.0f} s, {self.steps} steps, "
            f"{self.receipts} receipts for {self.statements} statements; "
            f"{self.faults.total()} faults ({kinds}); settled in {self.settled_seconds:.0f} s; "
            f"{self.digest[:16]}; {len(self.findings)} findings"
        )


class Course:
    """Drives one world."""

    def __init__(
        self, world: World, outcome: Outcome, seconds: float, kinds: tuple[str, ...] | None
    ) -> None:
        self._world = world
        self._seconds = seconds
        self._kinds = kinds
        self._rng = world.rng
        self._outcome = outcome
        self._machines = {name: Machine(world, one) for name, one in world.regions.items()}
        self._faults = Faults(world, self._machines)
        self._scenes = Scenes(world, self._machines, self._faults)
        self._losses = Losses(world, self._machines, self._scenes)
        self._striker = Striker(world)
        self._posting = False
        self._lulls = 0

    async def run(self) -> None:
        background = [self._world.mine(), self._watch()]
        background += [machine.keep_running() for machine in self._machines.values()]
        tasks = [asyncio.ensure_future(one) for one in background]
        for machine in self._machines.values():
            await machine.answering()
        for authors in self._world.authors.values():
            await authors.register()
        await self._storm()
        await self._settle()
        for task in tasks:
            task.cancel()
        self._take_stock()

    async def _storm(self) -> None:
        end = self._end = self._world.loop.time() + self._seconds
        tracks = [self._load(end), self._others(end)]
        if self._kinds is None:
            tracks.append(self._strikes(end))
        running = [asyncio.ensure_future(one) for one in tracks]
        await asyncio.gather(*running)

    async def _load(self, end: float) -> None:
        """Post all the time, but for the lulls that some strikes ask for."""
        pace = self._rng.choice((3.0, 6.0, 10.0))
        while self._world.loop.time() < end:
            if not self._lulls:
                self._world.authors[self._rng.choice(REGIONS)].any()
            await asyncio.sleep(self._rng.random() * 2 * pace)

    async def _strikes(self, end: float) -> None:
        """Crashes at failpoints: the seed's share of all cells, one after another."""
        start = self._outcome.seed * STRIKES
        for number in range(start, start + STRIKES):
            if self._world.loop.time() > end - 60:
                return
            await self._strike(CELLS[number * 31 % len(CELLS)])
            await asyncio.sleep(self._rng.random() * 15)

    async def _others(self, end: float) -> None:
        """Faults and scenes side by side with the strikes, each begun before the last is over."""
        running = []
        kinds = self._kinds
        if kinds is None:
            kinds = (*self._faults.kinds, *self._faults.kinds, *self._scenes.kinds)
        while kinds and (left := end - self._world.loop.time()) > 70:
            kind = self._rng.choice(kinds)
            running.append(asyncio.ensure_future(self._one(kind)))
            await asyncio.sleep(min(left - 70, 15 + self._rng.random() * 60))
        await asyncio.gather(*running)

    async def _one(self, kind: str) -> None:
        self._outcome.faults[kind] += 1
        self._world.note("fault", kind)
        for source in (self._faults, self._scenes, self._losses):
            if kind in source.kinds:
                await source.strike(kind)
        self._world.note("over", kind)

    async def _strike(self, cell: Cell) -> None:
        """Bring a region into the state of the cell and crash it at that point, if it gets there."""
        machine = self._machines[self._rng.choice(REGIONS)]
        name = machine.region.name
        strike = Strike(name, cell)
        if not cell.backlog:
            self._lulls += 1
            await self._until(lambda: judge.is_quiet(self._world), 40)
        await machine.answering()
        if cell.recovery:
            machine.region.kill()
        self._striker.arm(strike)
        for turn in range(8):
            for authors in self._world.authors.values():
                if cell.backlog:
                    authors.burst(self._rng.randint(1, 3))
                else:
                    authors.one()
            if cell.point == "turn.closed" and turn % 4 == 0:
                # Not while its disk or lock is in other hands: nobody closes a log before these are back.
                async with machine.storage:
                    self._scenes.turn(name)
            await self._until(lambda: strike.done, 2.0 if cell.backlog else 6.0)
            if strike.done or self._world.loop.time() > self._end:
                break
        self._striker.disarm(strike)
        self._lulls -= not cell.backlog
        self._outcome.faults["strike"] += strike.done

    async def _until(self, holds, seconds: float) -> None:
        end = self._world.loop.time() + seconds
        while not holds() and self._world.loop.time() < end:
            await asyncio.sleep(0.5)

    async def _settle(self) -> None:
        """Quiet from here on: everything has to be anchored, cosigned and answered in time."""
        start = self._world.loop.time()
        for authors in self._world.authors.values():
            authors.patience = 2.0
        late = SETTLE_SECONDS + (ALARM_SECONDS if self._had_alarm() else 0.0)
        await self._until(lambda: judge.is_quiet(self._world), late)
        self._outcome.settled_seconds = self._world.loop.time() - start
        found = judge.waiting(self._world)
        self._outcome.findings += [f"settled: {text}" for text in found]

    def _had_alarm(self) -> bool:
        return any(name.startswith("alarm") for name in self._outcome.counted)

    async def _watch(self) -> None:
        """Count what the nodes say of themselves."""
        counted = self._outcome.counted
        while True:
            await asyncio.sleep(1.0)
            for region in self._world.regions.values():
                if (process := region.answering) is not None:
                    said = process.node.readiness()
                    counted[f"standing {said['log']['code'] or 'leading'}"] += 1
                    if alarm := said["anchoring"]["alarm"]:
                        counted[f"alarm {alarm}"] += 1

    def _take_stock(self) -> None:
        outcome, loaded = self._outcome, self._world
        outcome.copies = loaded.habits.copies
        outcome.counted += self._striker.counted
        outcome.counted["lost and named"] += self._losses.named
        for authors in loaded.authors.values():
            outcome.receipts += len(authors.given)
            outcome.statements += len({one.post.id for one in authors.given})
            for code, count in authors.answers.items():
                outcome.counted[f"answer {code}"] += count
        # The moment between its last word and its end is too short for ``_watch``.
        outcome.counted += Counter(
            f"standing {one.said}"
            for region in loaded.regions.values()
            for one in region.ended
            if one.said is not None
        )
        outcome.findings += judge.findings(loaded)
        outcome.steps, outcome.virtual_seconds = loaded.loop.steps, loaded.loop.time()
        outcome.digest = loaded.trace.digest()


def run(
    seed: int,
    *,
    seconds: float = LOADED_SECONDS,
    kinds: tuple[str, ...] | None = None,
    keep_trace: bool = False,
) -> Outcome:
    """Run one seed from start to judgement, so many virtual seconds of it under load.

    Given ``kinds`` of faults and scenes, only these strike, and nothing crashes at a failpoint.
    """
    outcome = Outcome(seed)
    with world(seed, keep_trace=keep_trace) as made:
        course = Course(made, outcome, seconds, kinds)
        try:
            made.run(lambda _: course.run())
        except EndlessError as error:
            outcome.findings.append(f"endless: {error}")
        if keep_trace:
            outcome.trace = made.trace.lines
    return outcome
