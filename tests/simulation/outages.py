"""The chain is silent for an hour of virtual time, or for longer than records may wait, and comes back.

Records are posted all the time and machines fail as always. What is looked for, beyond the promises that
``judge`` knows, by the name that a finding begins with:
    intake    records are taken for as long as none has waited longer than the limit, then refused in so many
              words, and taken again by itself
    degraded  a node says that its chain is silent, how much waits and for how long
    drained   what waited is anchored within five minutes, under load
"""

import asyncio
import gc
import random
from collections import Counter
from dataclasses import dataclass, field, replace

from tests.simulation import judge, rows
from tests.simulation.asking import Answer, ask
from tests.simulation.authors import Given
from tests.simulation.clock import START
from tests.simulation.faults import Faults
from tests.simulation.loop import EndlessError
from tests.simulation.machines import Machine
from tests.simulation.process import ConnectionLostError
from tests.simulation.region import Region
from tests.simulation.statements import REGIONS, record
from tests.simulation.world import World, world

HOUR = 3600.0
DRAIN_SECONDS = 300.0
SETTLE_SECONDS = 60.0
_LOOKS = 15.0
# How long a node may take to notice, a crash and its start included; alarms of a start slow it down most.
_NOTICES = 90.0
_NO_RECEIPT = 300.0
_UNCOUNTED = 40
# Statements that nobody else posts.
_PROBES = 1_000_000
_FAULTS = (
    "crash", "crash_in_commit", "freeze", "power_loss", "power_loss_everywhere",
    "kill_then_power_loss", "store_refuses", "cut", "bad_wires",
)  # fmt: skip


@dataclass(frozen=True)
class Plan:
    """What a seed is about; ``limit`` is how long a record may wait, ``pace`` the mean pause of the posts."""

    outage: float
    limit: float
    pace: float
    restless: bool

    @classmethod
    def of(cls, seed: int, hour: float = HOUR) -> "Plan":
        """Three seeds in ten go beyond what records may wait: two by a short limit, one by a long outage."""
        dice = random.Random(f"outage {seed}")
        outage, limit = hour, 4 * hour
        if seed % 10 in (2, 6):
            limit = hour * dice.uniform(0.3, 0.7)
        if seed % 10 == 9:
            outage = 5 * hour
        return cls(outage, limit, dice.choice((4.0, 7.0, 10.0)), restless=dice.random() < 0.7)


@dataclass
class Outcome:
    """What a seed did and found; ``findings`` is empty where every promise was kept."""

    seed: int
    plan: Plan
    receipts: int = 0
    waited: int = 0
    refused: int = 0
    drained_seconds: float = 0.0
    virtual_seconds: float = 0.0
    steps: int = 0
    digest: str = ""
    faults: Counter[str] = field(default_factory=Counter)
    findings: list[str] = field(default_factory=list)

    def broken(self) -> set[str]:
        """Names of the invariants that do not hold."""
        return {finding.partition(":")[0] for finding in self.findings}


class Outage:
    """Drives one world."""

    def __init__(self, world: World, outcome: Outcome) -> None:
        self._world = world
        self._plan = outcome.plan
        self._outcome = outcome
        self._findings = outcome.findings
        self._rng = world.rng
        self._machines = {name: Machine(world, one) for name, one in world.regions.items()}
        self._faults = Faults(world, self._machines)
        self._posting = True
        self._silent_since: float | None = None
        self._back_since = 0.0
        self._probes = _PROBES
        self._heard = dict.fromkeys(REGIONS, 0.0)

    async def run(self) -> None:
        tasks = [asyncio.ensure_future(self._world.mine())]
        for machine in self._machines.values():
            tasks.append(asyncio.ensure_future(machine.keep_running()))
            await machine.answering()
        for authors in self._world.authors.values():
            await authors.register()
        tasks += [asyncio.ensure_future(one) for one in (self._load(), self._watch())]
        await asyncio.sleep(30)
        await self._silence()
        await self._come_back()
        for task in tasks:
            task.cancel()
        # A watcher that fell over has watched nothing.
        done = await asyncio.gather(*tasks, return_exceptions=True)
        self._findings += [f"alive: {one!r}" for one in done if isinstance(one, Exception)]
        self._take_stock()

    @property
    def _now(self) -> float:
        return self._world.loop.time()

    async def _load(self) -> None:
        """Post at the normal pace, and where intake is closed as seldom as it asks for."""
        while self._posting:
            name = self._rng.choice(REGIONS)
            closed = self._is_late(self._world.regions[name])
            authors = self._world.authors[name]
            authors.patience = 60.0 if closed else 20.0
            authors.any()
            await asyncio.sleep(self._rng.random() * 2 * self._plan.pace * (10 if closed else 1))

    async def _silence(self) -> None:
        links = [region.link for region in self._world.regions.values()]
        if self._rng.random() < 0.5:
            # The last transactions arrive, and nobody hears of it.
            for link in links:
                link.lose_after = 1.0
            await asyncio.sleep(10)
        for link in links:
            link.down, link.lose_after = True, 0.0
        end = self._now + self._plan.outage
        self._silent_since = self._now
        self._world.note("chain", "is silent")
        while (left := end - self._now) > 60:
            await asyncio.sleep(min(left - 60, 120 + self._rng.random() * 600))
            # The collector rests while a world runs: an hour leaves much to it.
            gc.collect()
            if self._plan.restless and end - self._now > 60:
                await self._fault(self._rng.choice(_FAULTS))
        await asyncio.sleep(max(end - self._now, 0))

    async def _fault(self, kind: str) -> None:
        self._outcome.faults[kind] += 1
        self._world.note("fault", kind)
        await self._faults.strike(kind)

    async def _come_back(self) -> None:
        waits = {name: self._waiting(one) for name, one in self._world.regions.items()}
        self._outcome.waited = sum(upto - anchored for anchored, upto in waits.values())
        self._silent_since, self._back_since = None, self._now
        for region in self._world.regions.values():
            region.link.down = False
        self._world.note("chain", "is back")
        if self._plan.restless and self._rng.random() < 0.4:
            await self._fault("flaky_chain")
        end = self._back_since + DRAIN_SECONDS
        while self._now < end and (left := self._undrained(waits)):
            await asyncio.sleep(0.5)
        self._outcome.drained_seconds = self._now - self._back_since
        self._findings += [f"drained: {text}" for text in left]
        await asyncio.sleep(2 * _NOTICES)
        self._posting = False
        for authors in self._world.authors.values():
            authors.patience = 2.0
        end = max(self._now + SETTLE_SECONDS, self._back_since + DRAIN_SECONDS)
        while self._now < end and not judge.is_quiet(self._world):
            await asyncio.sleep(0.5)
        self._findings += [f"settled: {text}" for text in judge.waiting(self._world)]

    def _undrained(self, waits: dict[str, tuple[int, int]]) -> list[str]:
        return [
            f"{name}: {anchored} of {upto} leaves are anchored {DRAIN_SECONDS:.0f} s after"
            for name, (_, upto) in waits.items()
            if (anchored := self._waiting(self._world.regions[name])[0]) < upto
        ]

    def _waiting(self, region: Region) -> tuple[int, int]:
        """How many leaves of its log are anchored, and how many there are."""
        origin = self._world.authorities.newest_log(region.name)
        return self._world.chain.head_of(origin.log_id).size, rows.size_of(region.disk, origin)

    def _oldest(self, region: Region) -> float:
        """Seconds that the oldest leaf without an anchor has waited, by the raw rows; 0 where none waits."""
        origin = self._world.authorities.newest_log(region.name)
        anchored, size = self._waiting(region)
        if anchored >= size:
            return 0.0
        [leaf] = rows.leaves(region.disk, origin, anchored, 1)
        return self._now - (leaf.received - START) / 1000

    def _is_late(self, region: Region) -> bool:
        return self._oldest(region) > self._plan.limit

    async def _watch(self) -> None:
        """Ask every node, as an operator and as an author would."""
        while self._posting:
            await asyncio.sleep(_LOOKS)
            for region in self._world.regions.values():
                try:
                    await self._look(region)
                except (ConnectionLostError, TimeoutError):
                    # Down for a moment: somebody is always struck.
                    continue

    async def _look(self, region: Region) -> None:
        before = (self._silent_since, self._back_since, self._oldest(region))
        async with asyncio.timeout(10):
            ready = await ask(region, "GET", "/readyz")
        if before[:2] != (self._silent_since, self._back_since):
            return
        if ready.body["log"]["leading"]:
            self._check_said(region, ready)
        await self._check_intake(region, before[2])

    def _check_said(self, region: Region, ready: Answer) -> None:
        said, now = ready.body["anchoring"], self._now
        if self._silent_since is None:
            if (
                now - self._back_since > _NOTICES
                and said["unavailable"]
                and not self._outcome.faults
            ):
                self._broken(
                    "degraded", region, f"says {said['unavailable']} of a chain that answers"
                )
            return
        if now - self._silent_since < _NOTICES:
            return
        if said["unavailable"] != "chain_unavailable":
            self._broken("degraded", region, f"says {said['unavailable']} of a silent chain")
        anchored, size = self._waiting(region)
        # Leaves of the last half minute may be missing in it, and the last anchors, of which it never heard.
        if self._is_settled(region) and abs(said["backlog"] - (size - anchored)) > _UNCOUNTED:
            self._broken("degraded", region, f"{said['backlog']} are said to wait")
        if self._is_settled(region) and abs(said["waiting"] - self._oldest(region)) > _NOTICES:
            self._broken(
                "degraded",
                region,
                f"{said['waiting']} s are said, {self._oldest(region):.0f} waited",
            )

    def _is_settled(self, region: Region) -> bool:
        """Whether the process runs for long enough to have looked around."""
        process = region.answering
        return process is not None and self._now - process.born > _NOTICES

    async def _check_intake(self, region: Region, oldest: float) -> None:
        """Post something: it has to be taken while nothing has waited for too long, and refused after."""
        self._probes += 1
        post = record(region.name, self._probes).versions[0]
        async with asyncio.timeout(10):
            answer = await ask(
                region, "POST", "/records", post.compact.encode(), "application/sd-jwt"
            )
        late = answer.status == 503 and answer.body["code"] == "anchoring_late"
        if answer.status in (200, 201):
            self._heard[region.name] = self._now
            number = self._world.note(region.name, "receipt", answer.body["index"])
            given = Given(number, self._now, post, answer.body)
            self._world.authors[region.name].given.append(given)
        if late:
            self._outcome.refused += 1
            self._check_refusal(region, answer, oldest)
        elif oldest > self._plan.limit + _NOTICES and self._is_settled(region):
            self._broken(
                "intake", region, f"answers {answer.status} though one waited {oldest:.0f} s"
            )
        elif oldest < self._plan.limit and self._now - self._heard[region.name] > _NO_RECEIPT:
            self._broken("intake", region, f"took nothing for long, now {answer.body}")

    def _check_refusal(self, region: Region, answer: Answer, oldest: float) -> None:
        if answer.headers.get("retry-after") != "60":
            self._broken("intake", region, f"closed, and says {answer.headers}")
        just_back = self._silent_since is None and self._now - self._back_since < _NOTICES
        if oldest < self._plan.limit - _NOTICES and not just_back:
            self._broken("intake", region, f"closed though the oldest waited {oldest:.0f} s")
        if region.answering.node.readiness()["ready"]:
            self._broken("degraded", region, "says it is ready though intake is closed")

    def _broken(self, invariant: str, region: Region, what: str) -> None:
        self._findings.append(f"{invariant}: {region.name} at {self._now:.0f} s: {what}")

    def _take_stock(self) -> None:
        outcome = self._outcome
        outcome.receipts = sum(len(authors.given) for authors in self._world.authors.values())
        if self._plan.outage > self._plan.limit + 2 * _NOTICES and not outcome.refused:
            outcome.findings.append("intake: it was never closed")
        outcome.findings += judge.findings(self._world)
        outcome.steps, outcome.virtual_seconds = self._world.loop.steps, self._now
        outcome.digest = self._world.trace.digest()


def run(seed: int, hour: float = HOUR) -> Outcome:
    """One outage; ``hour`` is what counts as one, for those who have less time."""
    outcome = Outcome(seed, Plan.of(seed, hour))
    with world(seed) as made:
        made.loop.most_seconds, made.loop.most_steps = 10 * hour + HOUR, 5_000_000
        for region in made.regions.values():
            region.habits = replace(region.habits, outage_limit=outcome.plan.limit)
        try:
            made.run(lambda _: Outage(made, outcome).run())
        except EndlessError as error:
            outcome.findings.append(f"endless: {error}")
    return outcome
