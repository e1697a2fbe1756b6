"""A node killed at, or failed by, the nth storage call of a kind while a record goes from post to witnesses.

strace does it from outside, so it is the real call of the real process: SQLite's, and the head lock's.
"""

import asyncio
import json
import signal
import tempfile
from collections import Counter
from dataclasses import dataclass, field
from http.client import HTTPException
from pathlib import Path

from tests.faults import rawlog
from tests.faults.judging import SETTLE_SECONDS, judge
from tests.faults.lab import REGIONS, Lab, lab
from tests.faults.poster import Poster
from tests.faults.rawlog import Checkpoint
from tests.faults.tracing import attached

KILL = "signal=KILL"
ERRORS = ("error=EIO", "error=ENOSPC")
_MOST = {"fdatasync": 12, "fsync": 3, "write": 2, "rename": 2, "openat": 14, "pwrite64": 204}
EVERY_CALL = tuple((call, n) for call, most in _MOST.items() for n in range(1, most + 1))
"""Somewhat more than a record makes: about 164 writes of pages, and two dozen others."""
_CYCLE_SECONDS = 12.0
_REACTION_SECONDS = 0.5
_INJECTED = "INJECTED"


@dataclass
class Struck:
    """How many faults came, by call and kind, and what broke."""

    came: Counter[tuple[str, str]] = field(default_factory=Counter)
    findings: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Case:
    """The nth call of this kind, and what becomes of it."""

    call: str
    fault: str
    n: int


def run(
    seed: int, cases: list[Case], plant: str | None = None, settle_seconds: float = SETTLE_SECONDS
) -> Struck:
    """Try each case once on one network, the three nodes side by side."""
    with tempfile.TemporaryDirectory(prefix="jjj-faults-") as folder:
        return asyncio.run(_run(Path(folder), seed, cases, plant, settle_seconds))


async def _run(
    folder: Path, seed: int, cases: list[Case], plant: str | None, settle_seconds: float
) -> Struck:
    struck = Struck()
    async with lab(folder, plant) as made:
        network = json.loads((folder / "network.json").read_text())["network"]
        poster = Poster(network, made.urls, seed, timeout=3)
        try:
            await poster.register()
            # No fault yet: a planted fault must be found by what it does to the records that follow.
            for region in REGIONS:
                await made.anchored(region)
            async with asyncio.TaskGroup() as lanes:
                for at, home in enumerate(REGIONS):
                    mine = cases[at :: len(REGIONS)]
                    lanes.create_task(_try_each(made, poster, home, mine, struck))
        finally:
            await poster.close()
        struck.findings += (await judge(made, [poster], seed, settle_seconds)).findings
    return struck


async def _try_each(
    made: Lab, poster: Poster, home: str, cases: list[Case], struck: Struck
) -> None:
    for case in cases:
        await _try(made, poster, home, case, struck)


async def _try(made: Lab, poster: Poster, home: str, case: Case, struck: Struck) -> None:
    told = made.folder / f"strace-{home}.txt"
    process = made.processes[home]
    # Killed by the fault, or ended by what it could not write.
    process.excused = (-signal.SIGKILL, 1)
    what = (f"--trace={case.call}", f"--inject={case.call}:{case.fault}:when={case.n}")
    async with attached(process.pid, told, _storage(made, home), what):
        posting = asyncio.create_task(poster.post(home))
        await _until_struck_or_witnessed(made, home, posting, told)
    if _INJECTED in told.read_text() or not await _runs(made, home):
        struck.came[case.call, case.fault] += 1
    # Whatever it made of the fault: what it does next is a start like any other.
    await made.kill(home)
    await made.start(home)
    await made.answering(home)
    async with asyncio.timeout(60):
        await posting


async def _until_struck_or_witnessed(
    made: Lab, home: str, posting: asyncio.Task, told: Path
) -> None:
    """Until the fault has come and shown what it does, or the record has its anchor and cosignatures."""
    deadline = asyncio.get_running_loop().time() + _CYCLE_SECONDS
    while asyncio.get_running_loop().time() < deadline and await _runs(made, home):
        if _INJECTED in told.read_text():
            await asyncio.sleep(_REACTION_SECONDS)
            return
        given = posting.result() if posting.done() else None
        if given is not None and await asyncio.to_thread(
            _witnessed, made, home, given.receipt["index"]
        ):
            return
        await asyncio.sleep(0.05)


def _witnessed(made: Lab, home: str, index: int) -> bool:
    try:
        served = rawlog.fetch(f"{made.url(home)}/logs/{home}/1/checkpoint").decode()
    except (OSError, HTTPException):
        # The call may have struck in the middle of this answer.
        return False
    # Its own signature, and one of each witness.
    return Checkpoint.of(served).size > index and served.count("\n\u2014 ") == 3


async def _runs(made: Lab, home: str) -> bool:
    await made.check_alive()
    return made.processes[home].pid is not None


def _storage(made: Lab, home: str) -> list[Path]:
    """What the node keeps: its database, the journal beside it, its head locks and their folder."""
    data, locks = made.folder / "data" / home, made.folder / "locks" / home
    database = data / "ledger.sqlite"
    heads = [one for one in locks.iterdir() if one.suffix == ".head"]
    fresh = [one.with_suffix(".new") for one in heads]
    return [database, database.with_name("ledger.sqlite-wal"), locks, *heads, *fresh]
