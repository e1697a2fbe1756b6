"""Three regions on four validators that die, are cut off and slow, and lie, under load; judged from outside.

Each region's node asks its own authority's validator and the three others, and before each stands a proxy
that may lie; every directed link between two validators goes through a port of its own. Findings begin with
the name of what does not hold: those of the checker, the wire and the oracle of tests/faults, and
    stands     blocks were made with fewer than three validators linked, or none with three
    intake     nothing was taken while the height stood
    drained    what had been promised was not anchored within a minute of the first new block
    aside      a region believes a validator that lied to it, or does not believe one that did not
"""

import asyncio
import json
import random
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from ledger.consortium.binary import build
from ledger.consortium.layout import lay_out
from ledger.consortium.plan import read_plan, source_folder
from ledger.consortium.validators import Consortium, consortium
from ledger.settings import cache_folder
from ledger.testing.founding import demo_accounts
from tests.consortium.liars import Liars
from tests.faults import rawchain
from tests.faults.checker import Checker
from tests.faults.judging import judge
from tests.faults.lab import REGIONS, Lab, lab
from tests.faults.links import Links
from tests.faults.oracle import Oracle
from tests.faults.poster import Poster
from tests.faults.wire import Wire

BLOCK_SECONDS = 0.25
DRAIN_SECONDS = 60.0
_LOOK_SECONDS = 0.1
_SETTINGS = "rpc_timeout = 3.0\n"


@dataclass
class Told:
    """What was done, how long each step took to drain (seconds), and what did not hold."""

    steps: dict[str, float] = field(default_factory=dict)
    receipts: int = 0
    sent: int = 0
    verdicts: int = 0
    findings: list[str] = field(default_factory=list)


@dataclass
class Stage:
    """A running network on running validators; ``links`` lie between these, ``liars`` before them."""

    chain: Consortium
    links: Links
    liars: Liars
    made: Lab
    poster: Poster
    dice: random.Random
    told: Told

    def __post_init__(self) -> None:
        file = self.made.folder / "network.json"
        self.ledger = json.loads(file.read_text())["chain"]["ledger"]
        self.logs = Checker(file, self.made.rpc, []).logs

    def height(self) -> int:
        """The newest block that any validator has; -1 where none answers."""
        heights = [one.height() for one in self.chain.validators.values() if one.pid]
        return max((height for height in heights if height is not None), default=-1)

    def find(self, invariant: str, what: str) -> None:
        self.told.findings.append(f"{invariant}: {what}")

    async def answering_rpc(self) -> str:
        """JSON-RPC of a validator that answers."""
        for one in self.chain.validators.values():
            if one.pid and await asyncio.to_thread(one.height) is not None:
                return one.url
        raise AssertionError("no validator answers")


Step = Callable[[Stage], Awaitable[None]]


def run(seed: int, steps: dict[str, Step]) -> Told:
    """One network through these steps, one after the other, under load."""
    with tempfile.TemporaryDirectory(prefix="jjj-consortium-") as folder:
        return asyncio.run(_run(Path(folder), seed, steps))


async def _run(folder: Path, seed: int, steps: dict[str, Step]) -> Told:
    told, links, liars = Told(), Links(seed), Liars()
    async with _validators(folder, links) as chain, liars, Wire(folder, liars) as wire:
        urls = {name: one.url for name, one in chain.validators.items()}
        liars.authorities = {url: name for name, url in urls.items()}
        settings = dict.fromkeys(REGIONS, _SETTINGS)
        async with lab(folder, copies=1, settings=settings, links=wire, chain=urls) as made:
            network = json.loads((folder / "network.json").read_text())["network"]
            poster = Poster(network, made.urls, seed)
            stage = Stage(chain, links, liars, made, poster, random.Random(seed), told)
            oracle = Oracle(made, poster, seed, pace=0.4)
            try:
                await poster.register()
                for region in REGIONS:
                    await made.anchored(region)
                await _under_load(stage, oracle, steps)
            finally:
                await poster.close()
            told.findings += (await judge(made, [poster], seed)).findings
            told.findings += await asyncio.to_thread(wire.check, made.rpc)
            told.findings += await oracle.finish()
            told.receipts, told.sent = len(poster.given), len(wire.sent)
            told.verdicts = oracle.asked.total()
    return told


@asynccontextmanager
async def _validators(folder: Path, links: Links) -> AsyncIterator[Consortium]:
    """Four validators that make blocks; what one asks of another goes through a link."""
    source = source_folder()
    plan, program = read_plan(source), build(source, cache_folder(), print)
    state = folder / "chain"
    state.mkdir()
    homes = lay_out(state, program, plan, demo_accounts().values())
    with consortium(program, homes, plan, block_time=BLOCK_SECONDS) as chain:
        opened = {
            (source, target): await links.open(source, target, f"http://127.0.0.1:{one.ports.p2p}")
            for source in chain.validators
            for target, one in chain.validators.items()
            if source != target
        }
        chain.peer_address = lambda source, target: opened[source, target].removeprefix("http://")
        try:
            chain.start()
            # Not in a thread: the validators die with the one that started them.
            await asyncio.to_thread(chain.wait_for_blocks)
            yield chain
        finally:
            await links.close()


async def _under_load(stage: Stage, oracle: Oracle, steps: dict[str, Step]) -> None:
    posting = asyncio.create_task(stage.poster.run(0.3))
    asking = asyncio.create_task(oracle.run())
    try:
        await asyncio.sleep(1)
        for name, step in steps.items():
            await step(stage)
            await _drain(stage, name)
        stage.poster.stopping = True
        async with asyncio.timeout(DRAIN_SECONDS):
            await posting
    except TimeoutError:
        stage.find("settled", "some statements were never answered")
    finally:
        posting.cancel()
        asking.cancel()
        await asyncio.gather(posting, asking, return_exceptions=True)


async def _drain(stage: Stage, name: str) -> None:
    """What has been promised by now is anchored within a minute of the next block, while posting goes on."""
    promised = {region: stage.poster.highest[region] + 1 for region in REGIONS}
    before = await asyncio.to_thread(stage.height)
    # The links' own dialling may take its time; the minute begins with the first block.
    if not await within(4 * DRAIN_SECONDS, lambda: stage.height() > before):
        stage.find("stands", f"{name}: no block after it was healed")
        return
    start = time.monotonic()
    if not await within(DRAIN_SECONDS, lambda: reached(stage, stage.made.rpc, promised)):
        stage.find("drained", f"{name}: not all of {promised}")
    stage.told.steps[name] = round(time.monotonic() - start, 1)


def reached(stage: Stage, rpc: str, promised: dict[str, int]) -> bool:
    """Whether every log is anchored at what was promised, by the word of that validator."""
    try:
        heads = {log.region: rawchain.head(rpc, stage.ledger, log.id)[0] for log in stage.logs}
    except (OSError, KeyError):
        # It was started a moment ago: it is silent, or says that it cannot tell.
        return False
    return all(heads[region] >= size for region, size in promised.items())


async def within(seconds: float, holds: Callable[[], bool]) -> bool:
    """Whether it comes true in time."""
    deadline = time.monotonic() + seconds
    while not await asyncio.to_thread(holds):
        if time.monotonic() > deadline:
            return False
        await asyncio.sleep(_LOOK_SECONDS)
    return True
