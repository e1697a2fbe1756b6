"""Ten times the normal rate and every hostile request at once: memory stays small and nothing breaks."""

import asyncio
import contextlib
import json
import random
import statistics
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Coroutine, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import httpx2

from tests.faults.burstkinds import GATEWAY, KINDS, Made
from tests.faults.burstwire import WAITING, Attack, strike
from tests.faults.gate import gateway_process
from tests.faults.judging import judge
from tests.faults.lab import REGIONS, Lab, lab
from tests.faults.poster import Poster

HOME = "tianjin"
NORMAL = 15.0
"""Posts a second to a region in its peak hour."""
BURST = 10 * NORMAL
MOST_MEGABYTES = 300
HOSTILE = 20.0
"""Hostile requests a second, whatever became of those before."""
_PATIENCE = 45.0


@dataclass
class Endured:
    """What came, and how it was borne.

    Attributes:
        hostile: hostile requests that came to an end, by kind.
        statuses: how they were answered.
        megabytes: the most memory that each process ever held.
        calm, stormy: seconds that posts at the normal rate took.
        burst: seconds that posts at ten times the rate took.
        read: answers of the gateway to honest readers, by status.
    """

    hostile: Counter[str] = field(default_factory=Counter)
    statuses: Counter[int] = field(default_factory=Counter)
    megabytes: dict[str, int] = field(default_factory=dict)
    calm: list[float] = field(default_factory=list)
    stormy: list[float] = field(default_factory=list)
    burst: list[float] = field(default_factory=list)
    read: Counter[int] = field(default_factory=Counter)
    excuses: Counter[str] = field(default_factory=Counter)
    findings: list[str] = field(default_factory=list)

    def told(self) -> str:
        """In a few words."""
        slower = {name: _p99(getattr(self, name)) for name in ("calm", "stormy", "burst")}
        return (
            f"{self.hostile.total()} hostile {dict(self.hostile)}, answered {dict(self.statuses)};"
            f" {self.megabytes} MB; {len(self.burst)} posts in the burst; p99 in ms {slower};"
            f" excused {dict(self.excuses)}, gateway {dict(self.read)}"
        )


def _p99(took: Sequence[float]) -> float:
    return round(1000 * (statistics.quantiles(took, n=100)[98] if len(took) > 1 else 0.0), 1)


@dataclass(frozen=True)
class Hostility:
    """What attacks whom; the region that has ten times its load is also the one that is attacked most."""

    kinds: Sequence[Made] = KINDS
    targets: Sequence[str] = (HOME, HOME, *REGIONS, GATEWAY, GATEWAY)

    def any(self, dice: random.Random) -> Attack:
        """One of them."""
        return dice.choice(self.kinds)(dice, dice.choice(self.targets))


def run(
    seed: int,
    seconds: float,
    calm_seconds: float = 4.0,
    copies: int = 0,
    plant: str | None = None,
    hostility: Hostility = Hostility(),
) -> Endured:
    """So many seconds of burst behind a few calm ones."""
    with tempfile.TemporaryDirectory(prefix="jjj-faults-") as name:
        folder = Path(name)
        return asyncio.run(_run(folder, seed, seconds, calm_seconds, copies, plant, hostility))


async def _run(
    folder: Path,
    seed: int,
    seconds: float,
    calm_seconds: float,
    copies: int,
    plant: str | None,
    hostility: Hostility,
) -> Endured:
    done = Endured()
    async with AsyncExitStack() as held:
        made = await held.enter_async_context(lab(folder, plant, copies))
        log = held.enter_context((folder / "gateway.log").open("ab"))
        opened = gateway_process(folder / "network.json", log=log)
        door, url = await held.enter_async_context(opened)
        port = int(url.rpartition(":")[2])
        network = json.loads((folder / "network.json").read_text())["network"]
        poster = Poster(network, made.urls, seed)
        ports = {name: made.processes[name].port for name in REGIONS} | {GATEWAY: port}
        try:
            await poster.register()
            await made.anchored(HOME)
            await _posts(poster, dict.fromkeys(REGIONS, (NORMAL, done.calm)), calm_seconds)
            rates = dict.fromkeys(REGIONS, (NORMAL, done.stormy)) | {HOME: (BURST, done.burst)}
            end = time.monotonic() + seconds
            async with asyncio.TaskGroup() as group:
                group.create_task(_posts(poster, rates, seconds))
                group.create_task(_read(url, poster, end, done))
                next_one = partial(hostility.any, random.Random(seed))
                group.create_task(_attack(next_one, ports, seconds, done))
        except* TimeoutError:
            done.findings.append("settled: some posts were never answered")
        finally:
            await poster.close()
        pids = {name: one.pid for name, one in made.processes.items() if name in REGIONS}
        _weigh(pids | {GATEWAY: door.pid}, done)
        if door.returncode is not None:
            done.findings.append(f"alive: the gateway ended by itself with {door.returncode}")
        done.findings += _errors_logged(made)
        done.excuses = Counter({code: n for (_, code), n in poster.excuses.items()})
        done.findings += (await judge(made, [poster], seed)).findings
    return done


async def _posts(
    poster: Poster, rates: Mapping[str, tuple[float, list[float]]], seconds: float
) -> None:
    """Post to each region at its rate."""
    async with asyncio.timeout(seconds + 2 * _PATIENCE), asyncio.TaskGroup() as group:
        for region, (rate, took) in rates.items():
            group.create_task(_open_loop(partial(_post, poster, region, took), rate, seconds))


async def _post(poster: Poster, region: str, took: list[float]) -> None:
    start = time.monotonic()
    await poster.post(region)
    took.append(time.monotonic() - start)


async def _read(door: str, poster: Poster, end: float, done: Endured) -> None:
    """An honest reader at the gateway; told to come again is fine, an error is not."""
    async with httpx2.AsyncClient(timeout=_PATIENCE, trust_env=False) as http:
        while time.monotonic() < end:
            given = poster.given[len(poster.given) // 2]
            for path in (f"/api/records/{given.receipt['id']}/bundle", "/search?q=DEMU0000016"):
                answer = await http.get(door + path)
                done.read[answer.status_code] += 1
                if answer.status_code >= 500 and "retry-after" not in answer.headers:
                    done.findings.append(
                        f"honest: {path}: {answer.status_code} {answer.text[:200]}"
                    )
            await asyncio.sleep(0.2)


async def _attack(
    next_one: Callable[[], Attack], ports: Mapping[str, int], seconds: float, done: Endured
) -> None:
    async def one() -> None:
        made = next_one()
        status = await strike(made, ports[made.target], _PATIENCE)
        done.hostile[made.kind] += 1
        done.statuses[status] += 1
        if fault := _fault(status):
            done.findings.append(f"hostile: {made.kind} at {made.target}: {fault}")

    await _open_loop(one, HOSTILE, seconds)


async def _open_loop(one: Callable[[], Coroutine], rate: float, seconds: float) -> None:
    """So many a second, whether the last one has ended or not; ends when all have."""
    begun = time.monotonic()
    async with asyncio.TaskGroup() as group:
        for number in range(int(rate * seconds)):
            await asyncio.sleep(max(0.0, begun + number / rate - time.monotonic()))
            group.create_task(one())


def _fault(status: int) -> str:
    if status >= 500:
        return f"answered with {status}"
    if status == WAITING:
        return "still waited for"
    return ""


def _weigh(pids: Mapping[str, int | None], done: Endured) -> None:
    for name, pid in pids.items():
        with contextlib.suppress(FileNotFoundError):
            lines = Path(f"/proc/{pid}/status").read_text().splitlines()
            [peak] = [line.split()[1] for line in lines if line.startswith("VmHWM:")]
            done.megabytes[name] = int(peak) // 1024
            if done.megabytes[name] >= MOST_MEGABYTES:
                done.findings.append(f"memory: {name} held {done.megabytes[name]} MB")


def _errors_logged(made: Lab) -> list[str]:
    """What a node could not answer though the client had gone."""
    logs = {name: made.log(name) for name in REGIONS} | {GATEWAY: made.folder / "gateway.log"}
    return [
        f"log: {name}: {line[:1500]}"
        for name, log in logs.items()
        for line in log.read_text().splitlines()
        if "unexpected error" in line or "Exception in ASGI" in line
    ]
