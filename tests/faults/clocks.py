"""Wall clocks of running nodes and of the gateway jump, while firms post and readers ask.

Beside what every run is judged by, with invariants by the name that a finding begins with:
    refused    a far jump closes the region, by a code of its own and with Retry-After; a slight one does not
    alarm      it shows in /readyz, in /metrics and in the node's log
    reopened   once the clock is right, records are taken again by the same process
    stamped    no record was received, and no head cosigned, more than two minutes from true time
    order      records that come later in a log were not received earlier
    verdict    no clock makes a verdict failed; the gateway's own changes none at all
"""

import asyncio
import json
import random
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from urllib.error import URLError

from tests.faults import rawlog
from tests.faults.asking import ask
from tests.faults.gate import Gate, gate
from tests.faults.judging import judge
from tests.faults.lab import REGIONS, Lab, lab
from tests.faults.partition import Firm
from tests.faults.rawlog import Checkpoint
from tests.faults.wrongclock import set_wrong

GATEWAY = "gateway"
RUNNING, STARTING = "while it runs", "before it starts"
MINUTE, HOUR, DAY, YEAR = 60, 3_600, 86_400, 31_557_600
SLIGHT = (1, 30)
FAR = (10 * MINUTE, HOUR, DAY, YEAR, 10 * YEAR)
_MOST_APART = 122.0
_PACE = 0.8
_NODE_TIMEOUT = 5.0
_TOLD_WITHIN = 20.0
_REOPENED_WITHIN = 60.0
_PROVEN_WITHIN = 90.0
_CODE = "clock_departed"
# Checkpoints of each log that are looked at.
_NOTES = 60


@dataclass(frozen=True)
class Leap:
    """A clock that is set wrong by so many seconds, and right again a while later."""

    place: str
    seconds: int
    moment: str

    @property
    def far(self) -> bool:
        return abs(self.seconds) > _MOST_APART

    def __str__(self) -> str:
        return f"{self.place} by {self.seconds:+d} s {self.moment}"


LEAPS = tuple(
    Leap(place, sign * size, moment)
    for size in SLIGHT + FAR
    for sign in (1, -1)
    for place, moment in [
        *((region, moment) for region in REGIONS for moment in (RUNNING, STARTING)),
        (GATEWAY, RUNNING),
    ]
)


@dataclass
class Leaped:
    """What was done and found; ``codes`` counts what a region answered while its clock was wrong."""

    leaps: Counter[str] = field(default_factory=Counter)
    codes: Counter[str] = field(default_factory=Counter)
    slowest_reopening: float = 0.0
    dated: int = 0
    statements: int = 0
    findings: list[str] = field(default_factory=list)


def run(seed: int, copies: int, leaps: Sequence[Leap]) -> Leaped:
    """These jumps one after another in one network."""
    with tempfile.TemporaryDirectory(prefix="jjj-faults-") as folder:
        return asyncio.run(_run(Path(folder), seed, copies, leaps))


async def _run(folder: Path, seed: int, copies: int, leaps: Sequence[Leap]) -> Leaped:
    done, clocks = Leaped(), {name: folder / f"{name}.clock" for name in (*REGIONS, GATEWAY)}
    for clock in clocks.values():
        set_wrong(clock, 0)
    async with lab(folder, copies=copies) as made:
        await _under_clocks(made, clocks, {one.place for one in leaps})
        network = json.loads((folder / "network.json").read_text())["network"]
        firm = Firm(network, made.urls, seed)
        door = gate(folder / "network.json", _NODE_TIMEOUT, clocks[GATEWAY])
        async with door as opened:
            try:
                await firm.register()
                await _Course(made, clocks, firm, opened, done, seed).run(leaps)
            finally:
                await firm.close()
        done.statements = len({one.receipt["id"] for one in firm.given})
    return done


async def _under_clocks(made: Lab, clocks: dict[str, Path], places: set[str]) -> None:
    """Start these regions again, each with a wall clock that can be set."""
    for region in sorted(places & set(REGIONS)):
        await made.kill(region)
        process = made.processes[region]
        process.job, process.arguments = (
            "wrong_clock",
            {**process.arguments, "clock": str(clocks[region])},
        )
        await made.start(region)
    for region in REGIONS:
        await made.answering(region)


class _Course:
    """Drives one network."""

    def __init__(
        self, made: Lab, clocks: dict[str, Path], firm: Firm, door: Gate, done: Leaped, seed: int
    ) -> None:
        self._made = made
        self._clocks = clocks
        self._firm = firm
        self._door = door
        self._done = done
        self._seed = seed
        self._dice = random.Random(seed)
        self._began = time.time()

    async def run(self, leaps: Sequence[Leap]) -> None:
        bill = f"LEAP{self._seed:06}"
        for region in REGIONS:
            await self._firm.until_answered(region, self._firm.part(region, bill))
        await self._proven(bill, "at the start")
        posting = asyncio.create_task(self._firm.run(_PACE))
        try:
            for leap in leaps:
                await self._leap(leap, bill)
                await asyncio.sleep(self._dice.random())
            self._firm.stopping = True
            async with asyncio.timeout(60):
                await posting
        except TimeoutError:
            self._done.findings.append("reopened: some statements were never answered")
        finally:
            posting.cancel()
            await asyncio.gather(posting, return_exceptions=True)
        last = f"LAST{self._seed:06}"
        for region in REGIONS:
            await self._firm.until_answered(region, self._firm.part(region, last))
        self._done.findings += (await judge(self._made, [self._firm], self._seed)).findings
        await self._proven(last, "at the end")
        self._look_at_receipts()
        await asyncio.to_thread(self._look_at_cosignatures)

    async def _leap(self, leap: Leap, bill: str) -> None:
        self._done.leaps[f"{'far' if leap.far else 'slight'} {leap.moment}"] += 1
        if leap.place == GATEWAY:
            await self._leap_of_gateway(leap, bill)
            return
        log = self._made.log(leap.place)
        told = log.read_text().count(_CODE)
        if leap.moment == STARTING:
            await self._made.kill(leap.place)
            set_wrong(self._clocks[leap.place], leap.seconds)
            await self._made.start(leap.place)
            await self._made.answering(leap.place)
        else:
            set_wrong(self._clocks[leap.place], leap.seconds)
        pid = self._made.processes[leap.place].pid
        await self._look_at_node(leap, told)
        answer = await self._door.ask(bill)
        if "failed" in (answer.verdict, answer.shown):
            self._broken("verdict", leap, f"{dict(answer.records)}")
        set_wrong(self._clocks[leap.place], 0)
        began = time.monotonic()
        await self._reopened(leap)
        self._done.slowest_reopening = max(
            self._done.slowest_reopening, round(time.monotonic() - began, 1)
        )
        await self._made.check_alive()
        if self._made.processes[leap.place].pid != pid:
            self._broken("reopened", leap, "the process has ended")

    async def _look_at_node(self, leap: Leap, told: int) -> None:
        """What it answers to a new record, and what it says of itself."""
        compact = self._firm.part(leap.place, "")
        answer = await self._firm.once(leap.place, compact, 30.0)
        said = "no answer" if answer is None else str(answer.status_code)
        if answer is not None and answer.status_code == 503:
            said = answer.json()["code"]
        self._done.codes[f"{'far' if leap.far else 'slight'}: {said}"] += 1
        if leap.far and (said != _CODE or "retry-after" not in answer.headers):
            self._broken("refused", leap, f"answers {said}")
        if not leap.far and said == _CODE:
            self._broken("refused", leap, "closed")
        if leap.far:
            for name, shows in self._signs(leap.place, told).items():
                if not await _until(shows, _TOLD_WITHIN):
                    self._broken("alarm", leap, f"nothing of it in {name}")

    def _signs(self, region: str, told: int) -> dict:
        url, log = self._made.url(region), self._made.log(region)
        alarm = f'jjj_alarm{{code="{_CODE}"}} 1.0'
        return {
            "/readyz": lambda: bool(json.loads(_get(f"{url}/readyz") or "{}").get("clock")),
            "/metrics": lambda: alarm in _get(f"{url}/metrics"),
            "the log": lambda: log.read_text().count(_CODE) > told,
        }

    async def _reopened(self, leap: Leap) -> None:
        url = self._made.url(leap.place)
        if not await _until(lambda: _is_ready(url), _REOPENED_WITHIN):
            self._broken("reopened", leap, f"not ready: {_get(f'{url}/readyz')[:300]}")
            return
        compact = self._firm.part(leap.place, "")
        try:
            async with asyncio.timeout(_REOPENED_WITHIN):
                await self._firm.until_answered(leap.place, compact)
        except TimeoutError:
            self._broken("reopened", leap, "no record is taken")

    async def _leap_of_gateway(self, leap: Leap, bill: str) -> None:
        """A verdict hangs on the evidence alone: it stays what it was, and all regions answer."""
        set_wrong(self._clocks[GATEWAY], leap.seconds)
        answer = await self._door.ask(bill)
        if "failed" in (answer.verdict, answer.shown) or answer.verdict != answer.shown:
            self._broken("verdict", leap, f"{answer.verdict}, page {answer.shown}")
        if answer.verdict != "passed" and not answer.silent:
            self._broken("verdict", leap, f"{answer.verdict} of {dict(answer.records)}")
        set_wrong(self._clocks[GATEWAY], 0)

    async def _proven(self, bill: str, when: str) -> None:
        deadline = time.monotonic() + _PROVEN_WITHIN
        while True:
            answer = await self._door.ask(bill)
            if {answer.verdict, answer.shown} == {"passed"}:
                return
            if answer.verdict == "failed" or time.monotonic() > deadline:
                said = f"{answer.verdict} of {dict(answer.records)}"
                self._done.findings.append(f"verdict: {bill} {when}: {said}")
                return
            await asyncio.sleep(0.3)

    def _look_at_receipts(self) -> None:
        """What the records say they were received at, against when they were signed and answered."""
        newest: dict[str, int] = {}
        for one in sorted(self._firm.given, key=lambda one: (one.region, one.receipt["index"])):
            received = json.loads(one.receipt["leaf"])["received"]
            if received < newest.get(one.region, 0):
                self._done.findings.append(
                    f"order: {one.region} {one.receipt['index']} was received before the one before"
                )
            newest[one.region] = received
            self._dated(f"{one.region} {one.receipt['index']}", received / 1000, one.time)

    def _look_at_cosignatures(self) -> None:
        for region, url in self._made.urls.items():
            sizes = {
                rawlog.Proof.of(one.receipt["proof"]).checkpoint.size
                for one in self._firm.given
                if one.region == region
            }
            for size in self._dice.sample(sorted(sizes), min(len(sizes), _NOTES)):
                note = _get(f"{url}/logs/{region}/1/checkpoint/{size}")
                # Only some sizes that were promised are anchored, too.
                for name, data in Checkpoint.of(note).signatures if note else ():
                    if name.endswith("/witness"):
                        said = int.from_bytes(data[4:12], "big")
                        self._dated(f"{name} on {region} {size}", said, time.time())

    def _dated(self, what: str, said: float, known: float) -> None:
        """No more than two minutes after it was known, or before anything was posted at all."""
        self._done.dated += 1
        if not self._began - _MOST_APART <= said <= known + _MOST_APART:
            apart = said - known
            self._done.findings.append(f"stamped: {what} is {apart:+.0f} s from when it was known")

    def _broken(self, invariant: str, leap: Leap, what: str) -> None:
        self._done.findings.append(f"{invariant}: {leap}: {what}")


async def _until(holds, seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while not await asyncio.to_thread(holds):
        if time.monotonic() > deadline:
            return False
        await asyncio.sleep(0.1)
    return True


def _is_ready(url: str) -> bool:
    return bool(json.loads(_get(f"{url}/readyz") or "{}").get("ready"))


def _get(url: str) -> str:
    """The answer's text, also of one that says that something is wrong; "" where there is none."""
    try:
        said = ask(url, seconds=10)
    except (URLError, TimeoutError, ConnectionError):
        return ""
    return said.body.decode() if said.status in {200, 503} else ""
