"""One region cut off from the others and the gateway, or ten seconds late; firms post and readers ask.

Beside what every run is judged by, with invariants by the name that a finding begins with:
    named      the gateway names the region that does not answer, in JSON and on the page
    verdict    it never calls a dossier verified meanwhile; a record of that region may be proven by a mirror
    bounded    it answers in bounded time
    goes on    the other regions take records
    refused    with copies the region that is cut off promises nothing, and says so by a code and Retry-After
    healed     afterwards all regions answer and every shipment is verified
"""

import asyncio
import itertools
import json
import random
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import httpx2

from tests.faults.gate import Answer, Gate, gate
from tests.faults.judging import SETTLE_SECONDS, judge
from tests.faults.lab import CHAIN, REGIONS, Lab, lab
from tests.faults.links import DROP, SLOW, STALL, Links
from tests.faults.poster import Given, Poster

FIRM, GATEWAY = "firm", "gateway"
SETTLED, FRESH = "settled", "fresh"
TITLES = {"beijing": "Beijing", "tianjin": "Tianjin", "hebei": "Hebei"}
_NODE_TIMEOUT = 4.0
# A reader's question is at most so many of the gateway's to the regions: rounds of search, then evidence
# from home and from mirrors; a machine under load needs some more.
_BOUND = 8 * _NODE_TIMEOUT + 10.0
_HELD_FOR = 5.0
_PACE = 0.8
# An answer that was on its way as the links were cut may still come.
_IN_FLIGHT = 1.0
_PROVEN_WITHIN = 90.0


@dataclass(frozen=True)
class Case:
    """One partition: how the region is cut off, whether its chain is too, and what the shipment was then."""

    kind: str
    region: str
    moment: str
    chain: bool

    def __str__(self) -> str:
        chain = " and its chain" if self.chain else ""
        return f"{self.region} {self.kind}{chain}, shipment {self.moment}"


KINDS = (DROP, STALL, SLOW)
CASES = tuple(
    Case(kind, region, moment, chain)
    for moment, region, kind, chain in itertools.product(
        (SETTLED, FRESH), REGIONS, KINDS, (False, True)
    )
)


@dataclass
class Parted:
    """What was done and found.

    Attributes:
        cases: how many partitions, by kind.
        verdicts: what the gateway said while a region was silent.
        codes: what the region that was cut off refused with.
        slowest: the reader's longest wait.
        p99: seconds for one record in the regions that were not cut off, with all links clear and during
            partitions.
    """

    cases: Counter[str] = field(default_factory=Counter)
    verdicts: Counter[str] = field(default_factory=Counter)
    codes: Counter[str] = field(default_factory=Counter)
    slowest: float = 0.0
    p99: dict[str, float] = field(default_factory=dict)
    statements: int = 0
    findings: list[str] = field(default_factory=list)


class Firm(Poster):
    """Posts shipments, and notes how long each single record took.

    Attributes:
        bill: what the records that are posted now belong to.
        took: region, moment when it was answered, seconds.
        silent_refusals: refusals for now that do not say when to come again.
    """

    bill = ""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.took: list[tuple[str, float, float]] = []
        self.silent_refusals: Counter[str] = Counter()

    def part(self, region: str, bill: str) -> str:
        """A record of a shipment."""
        self.bill = bill
        try:
            return self._document(region)
        finally:
            self.bill = ""

    async def until_answered(self, region: str, compact: str) -> Given | None:
        return await self._one(region, compact)

    async def once(self, region: str, compact: str, seconds: float) -> httpx2.Response | None:
        """What a region answers to one attempt, if it does in that time."""
        try:
            async with asyncio.timeout(seconds):
                return await self._post(region, compact.encode(), "application/sd-jwt")
        except TimeoutError:
            return None

    async def _post(self, region: str, body: bytes, media: str) -> httpx2.Response | None:
        began = time.monotonic()
        answer = await super()._post(region, body, media)
        if answer is not None and answer.status_code in (200, 201) and "sd-jwt" in media:
            self.took.append((region, time.monotonic(), time.monotonic() - began))
        if answer is not None and answer.status_code == 503 and "retry-after" not in answer.headers:
            self.silent_refusals[f"{region} {answer.json()['code']}"] += 1
        return answer

    def _sign(self, key, firm, region: str, kind: str, fields: dict) -> str:
        named = {"bill": self.bill} if self.bill else {}
        return super()._sign(key, firm, region, kind, fields | named)


def run(seed: int, copies: int, cases: Sequence[Case], plant: str | None = None) -> Parted:
    """These partitions one after another in one network."""
    with tempfile.TemporaryDirectory(prefix="jjj-faults-") as folder:
        return asyncio.run(_run(Path(folder), seed, copies, cases, plant))


async def _run(
    folder: Path, seed: int, copies: int, cases: Sequence[Case], plant: str | None
) -> Parted:
    links, done = Links(seed), Parted()
    try:
        async with lab(folder, plant, copies, links=links) as made:
            network = json.loads((folder / "network.json").read_text())
            urls = {name: await links.open(FIRM, name, made.url(name)) for name in REGIONS}
            for region in network["regions"]:
                name = region["name"]
                region["url"] = await links.open(GATEWAY, name, made.url(name))
            (folder / "gateway.json").write_text(json.dumps(network))
            firm = Firm(network["network"], urls, seed)
            async with gate(folder / "gateway.json", _NODE_TIMEOUT) as door:
                course = _Course(made, links, firm, door, done, seed)
                try:
                    await firm.register()
                    await course.run(cases)
                finally:
                    await firm.close()
            done.statements = len({one.receipt["id"] for one in firm.given})
    finally:
        await links.close()
    return done


class _Course:
    """Drives one network."""

    def __init__(
        self, made: Lab, links: Links, firm: Firm, door: Gate, done: Parted, seed: int
    ) -> None:
        self._made = made
        self._links = links
        self._firm = firm
        self._door = door
        self._done = done
        self._seed = seed
        self._dice = random.Random(seed)
        self._bills: list[str] = []
        self._spans: list[tuple[str, float, float]] = []

    async def run(self, cases: Sequence[Case]) -> None:
        posting = asyncio.create_task(self._firm.run(_PACE))
        try:
            await asyncio.sleep(3)
            for number, case in enumerate(cases):
                await self._part(case, f"PART{self._seed:06}{number:04}")
            self._links.clear()
            self._firm.stopping = True
            async with asyncio.timeout(60):
                await posting
        except TimeoutError:
            self._done.findings.append("healed: some statements were never answered")
        finally:
            posting.cancel()
            await asyncio.gather(posting, return_exceptions=True)
        judgement = await judge(self._made, [self._firm], self._seed, SETTLE_SECONDS)
        self._done.findings += judgement.findings
        for bill in self._bills:
            await self._proven(bill, "at the end")
        self._done.findings += [
            f"refused: {said}: without Retry-After" for said in self._firm.silent_refusals
        ]
        self._measure()

    async def _part(self, case: Case, bill: str) -> None:
        for region in REGIONS:
            await self._firm.until_answered(region, self._firm.part(region, bill))
        self._bills.append(bill)
        if case.moment == SETTLED:
            await self._proven(bill, str(case))
        self._done.cases[case.kind] += 1
        spared = frozenset({FIRM} if case.chain else {FIRM, CHAIN})
        self._links.part(case.region, case.kind, spared=spared)
        began = time.monotonic()
        await asyncio.sleep(_IN_FLIGHT)
        before = self._new()
        asked = asyncio.create_task(self._refused(case))
        answer = await self._door.ask(bill)
        self._look_at(case, answer)
        await asyncio.sleep(max(0.0, _HELD_FOR - (time.monotonic() - began)))
        self._look_at_intake(case, before, self._new())
        await asked
        self._links.clear()
        self._spans.append((case.region, began, time.monotonic()))
        await asyncio.sleep(self._dice.random())

    def _look_at(self, case: Case, answer: Answer) -> None:
        done, title = self._done, TITLES[case.region]
        done.verdicts[f"{case.kind} {case.moment}: {answer.verdict}"] += 1
        done.slowest = max(done.slowest, answer.seconds)
        if answer.silent != {case.region}:
            self._broken("named", case, f"silent are said to be {sorted(answer.silent)}")
        if f"{title} ✕ no answer" not in answer.page:
            self._broken("named", case, "the page does not name the region")
        for where, verdict in (("JSON", answer.verdict), ("the page", answer.shown)):
            if verdict not in ("unknown", "pending"):
                self._broken("verdict", case, f"the whole is {verdict!r} in {where}")
        if "failed" in answer.records.values():
            self._broken("verdict", case, f"its records are {dict(answer.records)}")
        if answer.seconds > _BOUND:
            self._broken("bounded", case, f"answered after {answer.seconds:.1f} s")

    def _look_at_intake(self, case: Case, before: Counter[str], after: Counter[str]) -> None:
        for region in REGIONS:
            grown = after[region] - before[region]
            if region != case.region and not grown:
                self._broken("goes on", case, f"{region} has taken nothing")
            if region == case.region and case.kind != SLOW and self._made.copies and grown:
                self._broken("refused", case, f"{grown} records were acknowledged alone")

    async def _refused(self, case: Case) -> None:
        """What the region itself tells a firm, which reaches it still."""
        compact = self._firm.part(case.region, "")
        answer = await self._firm.once(case.region, compact, 14.0)
        if answer is None:
            said = "no answer"
        elif answer.status_code == 503:
            said = answer.json()["code"]
        else:
            said = str(answer.status_code)
        self._done.codes[f"{case.kind}: {said}"] += 1
        alone = case.kind != SLOW and self._made.copies and said != "no answer"
        if alone and (answer.status_code != 503 or "retry-after" not in answer.headers):
            self._broken("refused", case, f"answers {said}")

    def _new(self) -> Counter[str]:
        """How many records each region has acknowledged, repeats not counted."""
        return Counter(
            region for region, _ in {(one.region, one.receipt["id"]) for one in self._firm.given}
        )

    async def _proven(self, bill: str, when: str) -> None:
        """Wait until the shipment is verified and all regions answer."""
        deadline = time.monotonic() + _PROVEN_WITHIN
        while True:
            answer = await self._door.ask(bill)
            shown = {answer.verdict, answer.shown}
            if shown == {"passed"} and not answer.silent and set(answer.records) == set(REGIONS):
                return
            if "failed" in shown or time.monotonic() > deadline:
                self._done.findings.append(
                    f"healed: {bill} {when}: {answer.verdict}, page {answer.shown}, "
                    f"silent {sorted(answer.silent)}, records {dict(answer.records)}"
                )
                return
            await asyncio.sleep(0.3)

    def _measure(self) -> None:
        taken: dict[str, list[float]] = defaultdict(list)
        for region, at, seconds in self._firm.took:
            during = [cut for cut, start, end in self._spans if start <= at <= end]
            if region not in during:
                taken["parted" if during else "clear"].append(seconds)
        self._done.p99 = {
            name: round(sorted(values)[int(len(values) * 0.99)], 3)
            for name, values in taken.items()
        }

    def _broken(self, invariant: str, case: Case, what: str) -> None:
        self._done.findings.append(f"{invariant}: {case}: {what}")
