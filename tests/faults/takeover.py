"""Two nodes on one region and one PostgreSQL: the leader is stopped, the other one leads, the first goes on.

The one that was stopped has to end by itself. An answer that it still gives may only be for a head that the
other one has gone on from: what it signs beyond that is a fork.
"""

import asyncio
import json
import random
import signal
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from ledger.failpoints import POINTS
from tests.faults.judging import judge
from tests.faults.lab import Lab, free_ports, lab
from tests.faults.poster import Poster
from tests.faults.rawlog import Proof
from tests.faults.striking import Strike
from tests.postgres import Server

HOME = "tianjin"
SECOND = "tianjin-2"
LEADING_POINTS = tuple(
    one for one in POINTS if one.startswith(("seal.", "store.", "hold.sent", "lock.", "anchor."))
)
"""What a leader does; the other failpoints belong to mirrors and witnesses."""
_PATIENCE = 30.0


@dataclass
class Duels:
    """What was done and found; ``points`` counts pauses, ``late`` the answers of those who were replaced."""

    points: Counter[str] = field(default_factory=Counter)
    late: int = 0
    findings: list[str] = field(default_factory=list)


def run(seed: int, server: Server, points: tuple[str, ...], pace: float = 0.05) -> Duels:
    """One pause at each of these failpoints, the two nodes taking turns."""
    with tempfile.TemporaryDirectory(prefix="jjj-faults-") as folder, server.database() as name:
        address = server.address(name)
        more = f'database = "{address.url}"\ndatabase_password_file = "{address.password_file}"\n'
        return asyncio.run(_run(Path(folder), seed, more, points, pace))


async def _run(folder: Path, seed: int, more: str, points: tuple[str, ...], pace: float) -> Duels:
    dice, done = random.Random(seed), Duels()
    async with lab(folder, copies=1, settings={HOME: more}) as made:
        made.place(SECOND, HOME, *free_ports(1), more)
        posters = _posters(made, seed)
        await posters[HOME].register()
        posters[HOME].urls = {HOME: made.url(HOME)}
        posting = [asyncio.create_task(one.run(pace)) for one in posters.values()]
        try:
            leader, other = HOME, SECOND
            for point in points:
                strike = Strike(point, dice.randrange(3), signal.SIGSTOP)
                await _duel(made, posters, (leader, other), strike, done)
                leader, other = other, leader
            # The network file names the first: it serves what is checked now.
            await made.kill(leader)
            await _lead(made, posters, HOME)
            posters[HOME].stopping = True
            async with asyncio.timeout(_PATIENCE):
                await posting[0]
        finally:
            for one in posting:
                one.cancel()
            await asyncio.gather(*posting, return_exceptions=True)
            for poster in posters.values():
                await poster.close()
        done.findings += (await judge(made, [*posters.values()], seed)).findings
    return done


def _posters(made: Lab, seed: int) -> dict[str, Poster]:
    """One for each node: it posts there whenever that answers, and waits as long as a pause may last."""
    network = json.loads((made.folder / "network.json").read_text())["network"]
    urls = {HOME: made.urls, SECOND: {HOME: made.url(SECOND)}}
    return {
        name: Poster(network, there, seed * 2 + at, timeout=2 * _PATIENCE)
        for at, (name, there) in enumerate(urls.items())
    }


async def _duel(
    made: Lab, posters: dict[str, Poster], nodes: tuple[str, str], strike: Strike, done: Duels
) -> None:
    leader, other = nodes
    where = f"{leader} stopped at {strike.point}"
    await made.kill(leader)
    await made.start(leader, strike=strike)
    if not await made.stopped(leader, _PATIENCE):
        done.findings.append(f"reached: {where}: never")
        return
    done.points[strike.point] += 1
    before, theirs = len(posters[leader].given), len(posters[other].given)
    promised = max(one.highest[HOME] for one in posters.values() if one.given)
    await _lead(made, posters, other)
    await made.signal(leader, signal.SIGCONT)
    status = await made.ended(leader, _PATIENCE)
    if status in (None, 0):
        done.findings.append(f"unseated: {where}, then went on, status {status}")
        await made.kill(leader)
    late = posters[leader].given[before:]
    done.late += len(late)
    told = [one.receipt["index"] for one in posters[other].given[theirs:]]
    first = min(index for index in told if index > promised)
    beyond = [one for one in late if Proof.of(one.receipt["proof"]).checkpoint.size > first]
    if beyond:
        done.findings.append(f"signed: {where}: {len(beyond)} answers from {first} leaves on")


async def _lead(made: Lab, posters: dict[str, Poster], name: str) -> None:
    """Start a node and wait until it has promised something new."""
    await made.start(name)
    promised = max(one.highest[HOME] for one in posters.values() if one.given)
    # A post that a sleeping or ending node took keeps its poster for all of its patience.
    deadline = time.monotonic() + posters[name].timeout + _PATIENCE
    while posters[name].highest.get(HOME, -1) <= promised:
        if time.monotonic() >= deadline:
            said, log = await made.readiness(name), made.log(name).read_text()
            raise AssertionError(f"{name} does not lead: {said}\n{log[-2000:]}")
        await asyncio.sleep(0.05)
