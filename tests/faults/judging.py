"""When all is quiet again: were the promises kept?"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field

from tests.faults.checker import Checker, Promise
from tests.faults.lab import REGIONS, Lab
from tests.faults.poster import Poster

SETTLE_SECONDS = 60.0
_REPEATED = 60


@dataclass
class Judgement:
    """What did not hold, each beginning with the invariant's name; how long it took to settle."""

    findings: list[str] = field(default_factory=list)
    settled_seconds: float = 0.0


async def judge(
    made: Lab, posters: Sequence[Poster], seed: int, settle_seconds: float = SETTLE_SECONDS
) -> Judgement:
    """Check every receipt that the posters were given, once all is anchored or the time is over."""
    refused = [f"repeat: refused: {one}" for poster in posters for one in poster.refused]
    # What a process that is gone would have answered says nothing.
    if made.died:
        return Judgement(refused + deaths(made))
    checker = _checker(made, posters)
    took = await asyncio.to_thread(checker.settled, settle_seconds)
    standing = [await _standing(made, one) for one in REGIONS] if checker.findings else []
    await asyncio.to_thread(checker.check, _REPEATED, seed)
    await made.check_alive()
    return Judgement(refused + checker.findings + standing + deaths(made), took)


async def settled(made: Lab, poster: Poster, seconds: float = SETTLE_SECONDS) -> Checker:
    """Wait until every receipt is anchored; the checker that looked, with what it found."""
    checker = _checker(made, [poster])
    await asyncio.to_thread(checker.settled, seconds)
    return checker


async def _standing(made: Lab, region: str) -> str:
    """Why a node did not settle, in its own words: nothing of it is left once the run is over."""
    try:
        said = str(await made.readiness(region))
    except OSError as error:
        said = repr(error)
    return (
        f"settled: {region} says {said}; its log ends with {made.log(region).read_text()[-2000:]}"
    )


def _checker(made: Lab, posters: Sequence[Poster]) -> Checker:
    promises = [
        Promise(one.region, one.compact, one.receipt) for poster in posters for one in poster.given
    ]
    return Checker(made.folder / "network.json", made.rpc, promises)


def deaths(made: Lab) -> list[str]:
    """Processes that ended by themselves."""
    return [
        f"alive: {name} ended by itself with {status}: {log}" for name, status, log in made.died
    ]
