"""A network at work for long, with one fault a minute: what it promised holds, and how well it answered."""

import asyncio
import json
import random
import signal
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.faults.judging import judge
from tests.faults.lab import CHAIN, REGIONS, EndedByItselfError, Lab, lab
from tests.faults.links import Links
from tests.faults.poster import Poster
from tests.faults.probing import ENDPOINTS, Prober
from tests.faults.watching import AnchorWatch, Scales

KILL_NODE, KILL_CHAIN = "a node killed", "the chain killed"
STOP_NODE, STOP_CHAIN = "a node stopped", "the chain stopped"
STORM = "a storm"
FAULTS = (KILL_NODE, KILL_CHAIN, STOP_NODE, STOP_CHAIN, STORM)
PACE = 1.0
"""Of Poster: about 4.5 records a second and region. Fifteen would take both cores, which others need too."""
_ANSWERS_WITHIN = 30.0
_WARM_UP = 60.0
_GROWTH, _GROWTH_MEGABYTES = 0.05, 32.0


@dataclass
class Soaked:
    """What was done, measured and found.

    Attributes:
        faults: by kind.
        recovered: seconds from the beginning of each fault until all answered again.
        rates: by endpoint: what part of the questions was answered as it should, in all regions.
        worst: the endpoint of a region that answered the smallest part.
        waits: seconds from a receipt to its anchor, where no outage of the chain lies between, sorted.
        memory: by process: megabytes after the warm-up and at the end, of its longest run.
    """

    seconds: float = 0.0
    faults: Counter[str] = field(default_factory=Counter)
    recovered: list[float] = field(default_factory=list)
    receipts: int = 0
    rates: dict[str, float] = field(default_factory=dict)
    worst: str = ""
    waits: list[float] = field(default_factory=list)
    memory: dict[str, tuple[float, float]] = field(default_factory=dict)
    findings: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        rates = ", ".join(f"{name} {rate:.2%}" for name, rate in self.rates.items())
        memory = ", ".join(
            f"{name} {at:.0f} to {end:.0f}" for name, (at, end) in self.memory.items()
        )
        return (
            f"{self.seconds:.0f} s, {self.receipts / self.seconds:.1f} receipts/s;"
            f" {self.faults.total()} faults, all answer again within"
            f" {max(self.recovered, default=0):.1f} s; answered: {rates}, worst {self.worst};"
            f" receipt to anchor: p50 {_part(self.waits, 50):.1f}, p99 {_part(self.waits, 99):.1f},"
            f" most {_part(self.waits, 100):.1f} s; MB: {memory}"
        )


def _part(waits: list[float], percent: int) -> float:
    """The wait that so many do not exceed."""
    return waits[max(0, -(-len(waits) * percent // 100) - 1)] if waits else 0.0


def run(
    seed: int,
    faults: int,
    every: float = 60.0,
    pace: float = PACE,
    copies: int = 1,
    plant: str | None = None,
) -> Soaked:
    """So many faults, one in each span of ``every`` seconds."""
    with tempfile.TemporaryDirectory(prefix="jjj-faults-") as folder:
        return asyncio.run(_run(Path(folder), seed, faults, every, pace, copies, plant))


async def _run(
    folder: Path,
    seed: int,
    faults: int,
    every: float,
    pace: float,
    copies: int,
    plant: str | None,
) -> Soaked:
    links, soaked = Links(seed), Soaked()
    try:
        async with lab(folder, plant, copies, links=links) as made:
            network = json.loads((folder / "network.json").read_text())["network"]
            poster = Poster(network, made.urls, seed)
            soak = _Soak(made, links, poster, random.Random(seed), soaked)
            watch, scales = AnchorWatch(made), Scales(made)
            try:
                await poster.register()
                for region in REGIONS:
                    await made.anchored(region)
                async with _beside(watch.run):
                    async with _beside(scales.run):
                        await soak.work(faults, every, pace)
                    soaked.findings += (await judge(made, [poster], seed)).findings
            finally:
                await poster.close()
            soaked.receipts = len(poster.given)
            soaked.waits = watch.waits(poster.given, soak.outages)
            soaked.memory = scales.growth(min(_WARM_UP, faults * every / 4))
    finally:
        await links.close()
    soaked.findings += [
        f"memory: {name} grew from {at:.0f} to {end:.0f} MB"
        for name, (at, end) in soaked.memory.items()
        if end > at * (1 + _GROWTH) + _GROWTH_MEGABYTES
    ]
    return soaked


@asynccontextmanager
async def _beside(run: Callable[[], Awaitable[None]]) -> AsyncIterator[None]:
    """Have it go on while the block lasts."""
    task = asyncio.ensure_future(run())
    try:
        yield
    finally:
        task.cancel()
        [ended] = await asyncio.gather(task, return_exceptions=True)
        if not isinstance(ended, asyncio.CancelledError):
            raise RuntimeError("what went on beside it has ended") from ended


@dataclass
class _Soak:
    """Work and faults.

    Attributes:
        outages: from when to when the chain was struck.
    """

    made: Lab
    links: Links
    poster: Poster
    dice: random.Random
    soaked: Soaked
    outages: list[tuple[float, float]] = field(default_factory=list)

    def __post_init__(self) -> None:
        # One is never killed, so that its memory is seen over the whole time.
        self._victims = self.dice.sample(REGIONS, len(REGIONS) - 1)
        self._deck: list[str] = []

    async def work(self, faults: int, every: float, pace: float) -> None:
        """Post and be asked all the while; ends when all that was posted is answered."""
        prober, began = Prober(self.poster), time.monotonic()
        posting = asyncio.create_task(self.poster.run(pace))
        try:
            async with _beside(prober.run):
                for number in range(faults):
                    await asyncio.sleep(self.dice.uniform(0.2, 0.5) * every)
                    await self._strike(self._kind())
                    await asyncio.sleep(began + (number + 1) * every - time.monotonic())
            self.poster.stopping = True
            async with asyncio.timeout(_ANSWERS_WITHIN):
                await posting
        except TimeoutError:
            self.soaked.findings.append("settled: some statements were never answered")
        except EndedByItselfError:
            # Told with the other deaths.
            pass
        finally:
            posting.cancel()
            await asyncio.gather(posting, return_exceptions=True)
        self.soaked.seconds = time.monotonic() - began
        self.soaked.rates = {name: prober.rate(name) for name in ENDPOINTS}
        self.soaked.worst = prober.worst()

    def _kind(self) -> str:
        """Each kind once before any comes again."""
        if not self._deck:
            self._deck = self.dice.sample(FAULTS, len(FAULTS))
        return self._deck.pop()

    async def _strike(self, kind: str) -> None:
        """One fault from its beginning until all answer again."""
        began = time.time()
        name = CHAIN if kind in (KILL_CHAIN, STOP_CHAIN) else self.dice.choice(self._victims)
        if kind == STORM:
            await self.links.storm(self.dice.uniform(4, 8))
        elif kind in (KILL_NODE, KILL_CHAIN):
            await self.made.kill(name)
            await asyncio.sleep(self.dice.uniform(0, 1))
            await self.made.start(name)
        else:
            await self.made.signal(name, signal.SIGSTOP)
            await asyncio.sleep(self.dice.uniform(1, 4))
            await self.made.signal(name, signal.SIGCONT)
        self.soaked.faults[kind] += 1
        try:
            async with asyncio.timeout(_ANSWERS_WITHIN):
                for one in self.made.processes:
                    await self.made.answering(one)
        except TimeoutError:
            self.soaked.findings.append(f"answers: not all within {_ANSWERS_WITHIN} s of {kind}")
        self.soaked.recovered.append(time.time() - began)
        if name == CHAIN:
            self.outages.append((began, time.time()))
