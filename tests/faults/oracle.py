"""Asks for verdicts beside the killing, and has them judged.

Fetches bundles of acknowledged records from nodes while they die, keeps them, and has old and new ones
verified by the product, offline and with the chain asked. Findings begin with ``verdict``.
"""

import asyncio
import json
import random
import urllib.request
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from tests.faults import campaign
from tests.faults.campaign import Outcome
from tests.faults.checker import Promise
from tests.faults.lab import REGIONS, Lab, free_ports
from tests.faults.poster import Given, Poster
from tests.faults.verdicts import (
    ASKED,
    MODES,
    OFFLINE,
    UNREACHABLE,
    Judge,
    Kept,
    Verdict,
    changed,
    names_anchors,
)

_AT_THE_END = 30
_MOST_KEPT = 150

Verify = Callable[[bytes, bytes, str, str], Verdict]
"""What the verifier says, given the network file's bytes, the bundle's, the mode, the chain's address."""


def verify(network: bytes, data: bytes, mode: str, rpc: str) -> Verdict:
    """As ``jjj verify`` does, without and with ``--rpc``."""
    from ledger.cli.chainfacts import read_chain
    from ledger.verify.policy import policy_from_network
    from ledger.verify.report import State
    from ledger.verify.verifier import verify_file

    policy, reading = policy_from_network(json.loads(network)), None
    if mode != OFFLINE:
        policy = replace(policy, required=(*policy.required, "chain"))
        reading = asyncio.run(read_chain(rpc, data, policy))
    report = verify_file(data, policy, at=0, chain=reading)
    if not report.records:
        return Verdict(report.verdict.value, "", {}, None)
    record = report.records[0]
    why = ", ".join(one.code for one in record.checks if one.state is not State.PASSED)
    fields = dict(record.fields)
    return Verdict(report.verdict.value, record.id, fields, record.failed_field, why)


@dataclass
class Oracle:
    """Asks and judges without end; ``finish`` asks once more for everything it kept, and for new bundles.

    Attributes:
        kept: bundles as nodes gave them, from before, during and after the faults.
        asked: verdicts by (mode, changed or not, verdict).
        unanswered: requests for a bundle that got none.
        late: verdicts of passed that were judged once the chain answered again.
    """

    made: Lab
    poster: Poster
    seed: int = 0
    pace: float = 0.15
    verify: Verify = verify
    kept: list[Kept] = field(default_factory=list)
    asked: Counter[tuple[str, bool, str]] = field(default_factory=Counter)
    unanswered: int = 0
    late: int = 0
    findings: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._dice = random.Random(self.seed)
        self._nobody = f"http://127.0.0.1:{free_ports(1)[0]}"
        file = self.made.folder / "network.json"
        self._network = file.read_bytes()
        self._judge = Judge(file, self.made.rpc)
        self._open: list[tuple[Kept, Verdict, str]] = []

    async def run(self) -> None:
        """Until cancelled: fetch one, then have it or an older one verified."""
        while True:
            await asyncio.to_thread(self._fetch, self._dice.choice(self.poster.given[-400:]))
            if self.kept:
                await asyncio.to_thread(self._ask, self._dice.choice(self.kept))
            await asyncio.sleep(self._dice.random() * 2 * self.pace)

    async def finish(self) -> list[str]:
        """All is quiet and anchored: what nodes give now has to pass, and so has what had its quorum."""
        await asyncio.to_thread(self._finish)
        return self.findings

    def _finish(self) -> None:
        for kept, verdict, mode in self._open:
            self.late += 1
            self._tell(kept, mode, self._judge.faults(kept, verdict, mode, quiet=False))
        old, self.kept = self._dice.sample(self.kept, min(_AT_THE_END, len(self.kept))), []
        for given in self._dice.sample(self.poster.given, min(_AT_THE_END, len(self.poster.given))):
            self._fetch(given)
        if self.unanswered_for_good():
            self.findings.append(f"verdict: {self.unanswered_for_good()} bundles cannot be had")
        self.findings += [
            f"verdict: {self._judge.weakness(one)} when all is quiet"
            for one in self.kept
            if self._judge.weakness(one)
        ]
        self.findings += [
            f"verdict: {one.promise.receipt['id']} names no anchor when all is quiet"
            for one in self.kept
            if not names_anchors(one)
        ]
        self.kept = old + self.kept
        for one in self.kept:
            self.judged(one, OFFLINE, quiet=True)
            self.judged(one, ASKED, quiet=True)

    def unanswered_for_good(self) -> int:
        return min(_AT_THE_END, len(self.poster.given)) - len(self.kept)

    def _fetch(self, given: Given) -> None:
        url = self.made.url(self._dice.choice(REGIONS))
        promise = Promise(given.region, given.compact, given.receipt)
        try:
            path = f"{url}/records/{given.receipt['id']}/bundle"
            with urllib.request.urlopen(path, timeout=10) as answer:
                kept = Kept(promise, answer.read())
        except OSError:
            # A node that is down, or that has not copied the record yet: no bundle, so no verdict.
            self.unanswered += 1
            return
        if len(self.kept) < _MOST_KEPT:
            self.kept.append(kept)
        else:
            self.kept[self._dice.randrange(_MOST_KEPT)] = kept

    def _ask(self, kept: Kept) -> None:
        mode = self._dice.choices(MODES, (2, 2, 1))[0]
        self.judged(kept, mode)
        if self._dice.random() < 0.3:
            self.judged(self.changed(kept), mode)

    def changed(self, kept: Kept) -> Kept:
        """A copy with a byte of a value changed."""
        return changed(kept, self._dice)

    def judged(self, kept: Kept, mode: str, quiet: bool = False) -> None:
        """Have a bundle verified, and judge the verdict."""
        rpc = self._nobody if mode == UNREACHABLE else self.made.rpc
        verdict = self.verify(self._network, kept.data, mode, rpc)
        self.asked[mode, bool(kept.changed), verdict.state] += 1
        try:
            self._tell(kept, mode, self._judge.faults(kept, verdict, mode, quiet))
        except OSError:
            # The chain is down: what was passed meanwhile is looked up when it answers again.
            self._open.append((kept, verdict, mode))

    def _tell(self, kept: Kept, mode: str, faults: list[str]) -> None:
        place = f"{kept.promise.receipt['origin']} {kept.promise.receipt['index']}"
        self.findings += [f"verdict: {place}, {mode}: {fault}" for fault in faults]


def run(
    seed: int, kills: int, copies: int = 0, most_seconds: float = 240
) -> tuple[Outcome, Oracle]:
    """A kill campaign with somebody who asks; the outcome holds all findings."""
    lanes: list[Oracle] = []

    def beside(made: Lab, poster: Poster) -> Oracle:
        lanes.append(Oracle(made, poster, seed))
        return lanes[0]

    outcome = campaign.run(
        seed=seed, kills=kills, most_seconds=most_seconds, copies=copies, beside=beside
    )
    return outcome, lanes[0]
