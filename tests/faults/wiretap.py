"""Transactions that are lost on the wire, or whose sender or chain dies at that very moment."""

import asyncio
import json
import random
import tempfile
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path

from tests.faults.judging import judge
from tests.faults.lab import CHAIN, Lab, lab
from tests.faults.poster import Poster
from tests.faults.wire import Sent, Wire

PASSED, SWALLOWED, UNANSWERED = "passed", "swallowed", "unanswered"
SENDER_DIES, SENDER_DIES_AFTER, CHAIN_DIES = "sender dies", "sender dies after", "chain dies"
FATES = (PASSED, SWALLOWED, UNANSWERED, SENDER_DIES, SENDER_DIES_AFTER, CHAIN_DIES)
_WEIGHTS = (3, 2, 1, 2, 1, 1)
_PATIENCE = 60.0


@dataclass
class Tapped:
    """What passed on the wires and what broke; ``fates`` counts transactions by what became of them."""

    fates: Counter[str] = field(default_factory=Counter)
    statements: int = 0
    findings: list[str] = field(default_factory=list)

    def broken(self) -> set[str]:
        """Names of the invariants that do not hold."""
        return {finding.partition(":")[0] for finding in self.findings}


@dataclass
class _Dealer:
    """Deals each transaction its fate until so many were dealt; then all pass."""

    made: Lab
    seed: int
    most: int
    fates: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self._random = random.Random(self.seed)
        self.done = asyncio.Event()

    async def deal(self, sent: Sent, pass_on: Callable[[], Awaitable[bytes]]) -> bytes | None:
        if self.done.is_set():
            return await pass_on()
        fate = self._random.choices(FATES, _WEIGHTS)[0]
        self.fates[fate] += 1
        if self.fates.total() == self.most:
            self.done.set()
        return await self._meet(fate, sent.region, pass_on)

    async def _meet(self, fate: str, region: str, pass_on) -> bytes | None:
        if fate == CHAIN_DIES:
            await self._again(CHAIN)
        if fate in (UNANSWERED, SENDER_DIES_AFTER):
            await pass_on()
        if fate in (SENDER_DIES, SENDER_DIES_AFTER):
            await self._again(region)
        return await pass_on() if fate == PASSED else None

    async def _again(self, name: str) -> None:
        # Two wires may strike the chain at once: the second one finds it dead already.
        if await self.made.kill(name):
            await self.made.start(name)


def run(seed: int, sends: int, copies: int = 0, plant: str | None = None) -> Tapped:
    """Deal with so many transactions while records come in, then let all pass, then judge."""
    with tempfile.TemporaryDirectory(prefix="jjj-faults-") as folder:
        return asyncio.run(_run(Path(folder), seed, sends, copies, plant))


async def _run(folder: Path, seed: int, sends: int, copies: int, plant: str | None) -> Tapped:
    wire, tapped = Wire(folder), Tapped()
    async with wire, lab(folder, plant, copies, links=wire) as made:
        network = json.loads((folder / "network.json").read_text())["network"]
        poster = Poster(network, made.urls, seed)
        dealer = _Dealer(made, seed, sends)
        try:
            await poster.register()
            wire.fate = dealer.deal
            await _post(poster, dealer, tapped)
        finally:
            await poster.close()
        tapped.findings += (await judge(made, [poster], seed)).findings
        tapped.findings += await asyncio.to_thread(wire.check, made.rpc)
        tapped.fates = dealer.fates
        tapped.statements = len({one.receipt["id"] for one in poster.given})
    return tapped


async def _post(poster: Poster, dealer: _Dealer, tapped: Tapped) -> None:
    posting = asyncio.create_task(poster.run(0.08))
    try:
        async with asyncio.timeout(2 * _PATIENCE):
            await dealer.done.wait()
            poster.stopping = True
            await posting
    except TimeoutError:
        tapped.findings.append(f"settled: {dealer.fates.total()} sent, or not all answered")
    finally:
        posting.cancel()
        await asyncio.gather(posting, return_exceptions=True)
