"""The chain's process is killed under load and stays away for so long; the regions take records meanwhile.

Beyond the promises that ``judging`` knows, a finding begins with:
    intake    records are taken while the chain is away, as long as none has waited longer than the limit;
              then they are refused in so many words
    degraded  /readyz and /metrics say that the chain is away, and what waits
    drained   what waited is anchored within five minutes, under load
"""

import asyncio
import json
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

from tests.faults import rawchain
from tests.faults.asking import ask
from tests.faults.checker import Checker, Log
from tests.faults.judging import judge
from tests.faults.lab import CHAIN, REGIONS, Lab, lab
from tests.faults.poster import Poster

DRAIN_SECONDS = 300.0
_LOOKS = 0.5
# How long a node may take to notice, on a machine that does much else.
_NOTICES = 20.0
_PATIENCE = 60.0


@dataclass
class Outcome:
    """What an outage did; ``findings`` is empty where every promise was kept.

    Attributes:
        taken: receipts given while the chain was away.
        waited: leaves that had no anchor when it came back.
        refused: how often intake said that it was closed.
        noticed: seconds until the last region said that the chain was away.
    """

    seconds: float = 0.0
    statements: int = 0
    taken: int = 0
    waited: int = 0
    refused: int = 0
    noticed: float = 0.0
    drained_seconds: float = 0.0
    findings: list[str] = field(default_factory=list)

    def broken(self) -> set[str]:
        """Names of the invariants that do not hold."""
        return {finding.partition(":")[0] for finding in self.findings}


def run(
    seed: int,
    seconds: float,
    *,
    copies: int = 0,
    limit: float | None = None,
    pace: float = 1.0,
    drain_seconds: float = DRAIN_SECONDS,
) -> Outcome:
    """One outage of so many seconds; ``limit`` is how long a record may wait, if not the default."""
    with tempfile.TemporaryDirectory(prefix="jjj-faults-") as folder:
        how = Outage(seed, seconds, limit, pace, drain_seconds)
        return asyncio.run(how.run(Path(folder), copies))


@dataclass
class Outage:
    """Drives one laboratory."""

    seed: int
    seconds: float
    limit: float | None
    pace: float
    drain_seconds: float
    outcome: Outcome = field(default_factory=Outcome)

    async def run(self, folder: Path, copies: int) -> Outcome:
        more = (
            {} if self.limit is None else dict.fromkeys(REGIONS, f"outage_limit = {self.limit}\n")
        )
        async with lab(folder, copies=copies, settings=more) as made:
            network = json.loads((folder / "network.json").read_text())["network"]
            poster = Poster(network, made.urls, self.seed)
            try:
                await poster.register()
                for region in REGIONS:
                    await made.anchored(region)
                await self._under_load(made, poster)
            finally:
                await poster.close()
            self.outcome.statements = len({one.receipt["id"] for one in poster.given})
            self.outcome.findings += (await judge(made, [poster], self.seed)).findings
        return self.outcome

    async def _under_load(self, made: Lab, poster: Poster) -> None:
        posting = asyncio.create_task(poster.run(self.pace))
        try:
            await asyncio.sleep(1)
            await self._away(made, poster)
            await self._back(made, poster)
            poster.stopping = True
            async with asyncio.timeout(_PATIENCE):
                await posting
        except TimeoutError:
            self.outcome.findings.append("settled: some statements were never answered")
        finally:
            posting.cancel()
            await asyncio.gather(posting, return_exceptions=True)

    async def _away(self, made: Lab, poster: Poster) -> None:
        start = time.monotonic()
        await made.kill(CHAIN)
        given = len(poster.given)
        told: dict[str, float] = {}
        while (away := time.monotonic() - start) < self.seconds or self._may_notice(away, told):
            await asyncio.sleep(_LOOKS)
            for region in REGIONS:
                await self._look(made, region, told, time.monotonic() - start)
        self.outcome.seconds = time.monotonic() - start
        self.outcome.taken = len(poster.given) - given
        self.outcome.noticed = max(told.values(), default=0.0)
        self._find("degraded", [f"{one} never said so" for one in REGIONS if one not in told])
        if not self.outcome.taken:
            self._find("intake", ["nothing was taken while the chain was away"])
        if self.limit is not None and not self.outcome.refused:
            self._find("intake", ["it was never closed"])

    def _may_notice(self, away: float, told: dict[str, float]) -> bool:
        """A short outage lasts until everybody has noticed, if they do."""
        closes = self.limit is not None and not self.outcome.refused
        return (len(told) < len(REGIONS) or closes) and away < (self.limit or 0) + _NOTICES

    async def _look(self, made: Lab, region: str, told: dict[str, float], away: float) -> None:
        status, _, body = await asyncio.to_thread(ask, f"{made.url(region)}/readyz")
        said = json.loads(body)
        anchoring = said["anchoring"]
        _, _, metrics = await asyncio.to_thread(ask, f"{made.url(region)}/metrics")
        shown = anchoring["unavailable"] == "chain_unavailable" and anchoring["backlog"] > 0
        if shown and b"\njjj_chain_reachable 0.0\n" in metrics:
            told.setdefault(region, away)
        elif region in told:
            self._find("degraded", [f"{region} says {anchoring} of a chain that is away"])
        closed = anchoring["code"] == "anchoring_late"
        # What a stranger posts: nothing that would be taken.
        probe = await asyncio.to_thread(ask, f"{made.url(region)}/records", b"nothing")
        if closed and (status != 503 or said["ready"]):
            self._find("degraded", [f"{region} says {status} and {said}"])
        if closed:
            self._check_closed(region, probe, anchoring["waiting"])

    def _check_closed(self, region: str, probe: tuple[int, dict, bytes], waiting: float) -> None:
        status, headers, body = probe
        self.outcome.refused += 1
        # Told in tenths of a second: a little over the limit may be shown as the limit itself.
        if self.limit is None or waiting < self.limit:
            self._find("intake", [f"{region} is closed after {waiting} s"])
        if (status, headers.get("retry-after"), json.loads(body)["code"]) != (
            503, "60", "anchoring_late",
        ):  # fmt: skip
            self._find("intake", [f"{region} is closed and answers {status} {headers} {body!r}"])

    async def _back(self, made: Lab, poster: Poster) -> None:
        """Start the chain again: what waited is anchored while posting goes on, and intake opens."""
        checker = Checker(made.folder / "network.json", made.rpc, [])
        promised = {region: poster.highest[region] + 1 for region in REGIONS}
        await made.start(CHAIN)
        await made.answering(CHAIN)
        start = time.monotonic()
        anchored = await asyncio.to_thread(_anchored, checker.logs, made)
        self.outcome.waited = sum(promised[one] - anchored[one] for one in REGIONS)
        while time.monotonic() - start < self.drain_seconds:
            anchored = await asyncio.to_thread(_anchored, checker.logs, made)
            if all(anchored[one] >= promised[one] for one in REGIONS):
                break
            await asyncio.sleep(0.2)
        self.outcome.drained_seconds = time.monotonic() - start
        late = [one for one in REGIONS if anchored[one] < promised[one]]
        self._find("drained", [f"{one}: {anchored[one]} of {promised[one]}" for one in late])

    def _find(self, invariant: str, found: list[str]) -> None:
        self.outcome.findings += [f"{invariant}: {one}" for one in found]


def _anchored(logs: list[Log], made: Lab) -> dict[str, int]:
    ledger = json.loads((made.folder / "network.json").read_text())["chain"]["ledger"]
    return {log.region: rawchain.head(made.rpc, ledger, log.id)[0] for log in logs}
