"""One run: post and kill, then all quiet, then judge."""

import asyncio
import contextlib
import json
import tempfile
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from tests.faults.judging import SETTLE_SECONDS, judge
from tests.faults.killer import Killer
from tests.faults.lab import REGIONS, EndedByItselfError, Lab, lab, quick_folder
from tests.faults.poster import Poster
from tests.faults.wire import Wire


class Lane(Protocol):
    """What somebody does beside the killing."""

    async def run(self) -> None:
        """Go on until cancelled."""

    async def finish(self) -> list[str]:
        """What did not hold, told once all is quiet again."""


@dataclass
class Outcome:
    """What a run did and found; ``findings`` is empty where every promise was kept."""

    seed: int
    receipts: int = 0
    statements: int = 0
    retries: int = 0
    kills: dict[str, int] = field(default_factory=dict)
    points: Counter[str] = field(default_factory=Counter)
    recovering: int = 0
    restored: int = 0
    starts: int = 0
    execs: int = 0
    sent: int = 0
    settled_seconds: float = 0.0
    findings: list[str] = field(default_factory=list)

    @property
    def total_kills(self) -> int:
        return sum(self.kills.values())

    def broken(self) -> set[str]:
        """Names of the invariants that do not hold."""
        return {finding.partition(":")[0] for finding in self.findings}

    def __str__(self) -> str:
        kills = ", ".join(f"{name} {count}" for name, count in sorted(self.kills.items()))
        return (
            f"seed {self.seed}: {self.receipts} receipts for {self.statements} statements, "
            f"{self.retries} posted again unanswered; {self.total_kills} kills ({kills}; "
            f"{self.points.total()} at {len(self.points)} failpoints, {self.recovering} during "
            f"recovery), {self.restored} old databases tried, "
            f"{self.starts} starts ({self.execs} by exec), {self.sent} transactions on the wire; "
            f"settled in {self.settled_seconds:.1f} s; {len(self.findings)} findings"
        )


def run(
    *,
    seed: int,
    kills: int,
    most_seconds: float,
    pace: float = 0.08,
    plant: str | None = None,
    copies: int = 0,
    settle_seconds: float = SETTLE_SECONDS,
    beside: Callable[[Lab, Poster], Lane] | None = None,
) -> Outcome:
    """Kill so often, or for so long; ``pace`` is the mean pause in seconds between two posts to a region."""
    with tempfile.TemporaryDirectory(prefix="jjj-faults-", dir=quick_folder()) as folder:
        return asyncio.run(
            _run(
                Path(folder), seed, kills, most_seconds, pace, plant, copies, settle_seconds, beside
            )
        )


async def _run(
    folder: Path,
    seed: int,
    kills: int,
    most_seconds: float,
    pace: float,
    plant: str | None,
    copies: int,
    settle_seconds: float,
    beside: Callable[[Lab, Poster], Lane] | None,
) -> Outcome:
    outcome, wire = Outcome(seed), Wire(folder)
    async with wire, lab(folder, plant, copies, links=wire) as made:
        network = json.loads((folder / "network.json").read_text())["network"]
        poster = Poster(network, made.urls, seed)
        lane = None if beside is None else beside(made, poster)
        killer = Killer(made, seed, poster.highest)
        try:
            await poster.register()
            # No fault yet: a planted fault must be found by what it does to the records that follow.
            for region in REGIONS:
                await made.anchored(region)
            async with _going_on(lane):
                await _storm(
                    outcome, made, poster, killer, (kills, most_seconds, pace, settle_seconds)
                )
        finally:
            await poster.close()
        outcome.kills, outcome.recovering = killer.kills, killer.recovering
        outcome.points = killer.points
        outcome.restored, outcome.execs = killer.restored, killer.execs
        outcome.starts = sum(one.starts for one in made.processes.values())
        outcome.retries = poster.retries
        _count(outcome, poster)
        judgement = await judge(made, [poster], seed, settle_seconds)
        outcome.settled_seconds = judgement.settled_seconds
        outcome.findings += judgement.findings
        outcome.sent = len(wire.sent)
        # What nobody answers for any more cannot be asked.
        if not made.died:
            outcome.findings += await asyncio.to_thread(wire.check, made.rpc)
            outcome.findings += [] if lane is None else await lane.finish()
    return outcome


@asynccontextmanager
async def _going_on(lane: Lane | None) -> AsyncIterator[None]:
    task = asyncio.create_task(asyncio.sleep(0) if lane is None else lane.run())
    try:
        yield
    finally:
        task.cancel()
        # Whatever else ended it is a fault of the runner.
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def _storm(
    outcome: Outcome,
    made: Lab,
    poster: Poster,
    killer: Killer,
    how: tuple[int, float, float, float],
) -> None:
    kills, most_seconds, pace, answer_seconds = how
    posting = asyncio.create_task(poster.run(pace))
    try:
        await killer.run(kills, most_seconds)
        for name in made.processes:
            await made.answering(name)
        poster.stopping = True
        # What was not answered yet is posted until it is.
        async with asyncio.timeout(answer_seconds):
            await posting
    except* TimeoutError:
        outcome.findings.append("settled: some statements were never answered")
    except* EndedByItselfError:
        # Told with the other deaths.
        pass
    finally:
        posting.cancel()
        await asyncio.gather(posting, return_exceptions=True)


def _count(outcome: Outcome, poster: Poster) -> None:
    outcome.receipts = len(poster.given)
    outcome.statements = len({one.receipt["id"] for one in poster.given})
