"""Three regions on four validators that die, are cut off and are slow, under load; judged from outside.

Each region's node asks its own authority's validator and the three others; every directed link between two
validators goes through a port of its own. Findings begin with the name of what does not hold: those of the
checker, the wire and the oracle of tests/faults, and
    stands     blocks were made with fewer than three validators linked, or none with three
    intake     nothing was taken while the height stood
    drained    what had been promised was not anchored within a minute of the first new block
"""

import asyncio
import json
import os
import random
import signal
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
from tests.faults import rawchain
from tests.faults.checker import Checker
from tests.faults.judging import judge
from tests.faults.lab import REGIONS, Lab, lab
from tests.faults.links import CLEAR, DELAY, DROP, Links
from tests.faults.oracle import Oracle
from tests.faults.poster import Poster
from tests.faults.wire import Wire

BLOCK_SECONDS = 0.25
DRAIN_SECONDS = 60.0
_STANDS_SECONDS = 4.0
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
    """A running network on running validators."""

    chain: Consortium
    links: Links
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
    told, links = Told(), Links(seed)
    async with _validators(folder, links) as chain, Wire(folder) as wire:
        urls = {name: one.url for name, one in chain.validators.items()}
        settings = dict.fromkeys(REGIONS, _SETTINGS)
        async with lab(folder, copies=1, settings=settings, links=wire, chain=urls) as made:
            network = json.loads((folder / "network.json").read_text())["network"]
            poster = Poster(network, made.urls, seed)
            stage = Stage(chain, links, made, poster, random.Random(seed), told)
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
    if not await _within(4 * DRAIN_SECONDS, lambda: stage.height() > before):
        stage.find("stands", f"{name}: no block after it was healed")
        return
    start = time.monotonic()
    if not await _within(DRAIN_SECONDS, lambda: _reached(stage, stage.made.rpc, promised)):
        stage.find("drained", f"{name}: not all of {promised}")
    stage.told.steps[name] = round(time.monotonic() - start, 1)


def _reached(stage: Stage, rpc: str, promised: dict[str, int]) -> bool:
    """Whether every log is anchored at what was promised, by the word of that validator."""
    try:
        heads = {log.region: rawchain.head(rpc, stage.ledger, log.id)[0] for log in stage.logs}
    except (OSError, KeyError):
        # It was started a moment ago: it is silent, or says that it cannot tell.
        return False
    return all(heads[region] >= size for region, size in promised.items())


async def _within(seconds: float, holds: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + seconds
    while not await asyncio.to_thread(holds):
        if time.monotonic() > deadline:
            return False
        await asyncio.sleep(_LOOK_SECONDS)
    return True


def course(seed: int) -> dict[str, Step]:
    """A course of the nightly: every step once, on victims by lot; a cut too long to heal by itself soon."""
    dice, names = random.Random(seed), [*REGIONS, "supervisor"]
    return {
        "one dead": one_dead(dice.choice(names)),
        "two dead": two_dead(*dice.sample(names, 2)),
        "all dead": all_dead,
        "one slow": slow(dice.choice(names), 10),
        "two cut off from two": cut(20),
        "cut off for long": cut(300, restarted=True),
    }


# --- steps -----------------------------------------------------------------------------------------


def one_dead(victim: str) -> Step:
    """A validator is killed: blocks go on, and so does the anchoring; it comes back and catches up."""

    async def step(stage: Stage) -> None:
        stage.chain.kill(victim)
        await _goes_on(stage, f"without {victim}")
        stage.chain.start(victim)
        await asyncio.to_thread(stage.chain.wait_for_blocks, victim)

    return step


def two_dead(*victims: str) -> Step:
    """Two are killed: the height stands, intake goes on; they come back."""

    async def step(stage: Stage) -> None:
        stage.chain.kill(*victims)
        await _stands(stage, f"without {' and '.join(victims)}")
        stage.chain.start(*victims)

    return step


async def all_dead(stage: Stage) -> None:
    """All are killed at once, with transactions on their way, and start again."""
    stage.chain.kill()
    await asyncio.sleep(1)
    stage.chain.start()


def cut(seconds: float, *, restarted: bool = False) -> Step:
    """Two are cut off from two; healed by itself, or by starting one side again."""

    async def step(stage: Stage) -> None:
        names = [*stage.chain.validators]
        stage.dice.shuffle(names)
        left, right = names[:2], names[2:]
        _across(stage, left, right, DROP)
        await _stands(stage, f"{left} cut off from {right}", seconds)
        _across(stage, left, right, CLEAR)
        if restarted:
            await asyncio.to_thread(stage.chain.stop, *right)
            stage.chain.start(*right)

    return step


def slow(victim: str, seconds: float) -> Step:
    """Every piece that one validator sends or gets comes late, then it stands still for a while."""

    async def step(stage: Stage) -> None:
        others = [name for name in stage.chain.validators if name != victim]
        _across(stage, [victim], others, DELAY)
        await asyncio.sleep(seconds)
        await _goes_on(stage, f"with {victim} slow")
        _across(stage, [victim], others, CLEAR)
        _signal(stage, victim, signal.SIGSTOP)
        try:
            await _goes_on(stage, f"with {victim} stopped")
        finally:
            _signal(stage, victim, signal.SIGCONT)

    return step


def _across(stage: Stage, left: list[str], right: list[str], weather: str) -> None:
    for one in left:
        for other in right:
            stage.links.set(one, other, weather)
            stage.links.set(other, one, weather)


def _signal(stage: Stage, victim: str, number: int) -> None:
    pid = stage.chain.validators[victim].pid
    assert pid is not None
    os.kill(pid, number)


async def _goes_on(stage: Stage, what: str) -> None:
    """Three are linked: blocks come, and what was promised before is anchored."""
    promised = {region: stage.poster.highest[region] + 1 for region in REGIONS}
    rpc = await stage.answering_rpc()
    if not await _within(DRAIN_SECONDS, lambda: _reached(stage, rpc, promised)):
        stage.find("stands", f"{what}: not anchored in {DRAIN_SECONDS:.0f} s")


async def _stands(stage: Stage, what: str, seconds: float = _STANDS_SECONDS) -> None:
    """Fewer than three are linked: no block comes, and records are taken all the same."""
    # A block that had its votes may still be on its way.
    await asyncio.sleep(2)
    height, given = await asyncio.to_thread(stage.height), len(stage.poster.given)
    await asyncio.sleep(seconds)
    if (now := await asyncio.to_thread(stage.height)) != height:
        stage.find("stands", f"{what}: from {height} to {now}")
    if len(stage.poster.given) == given:
        stage.find("intake", f"{what}: nothing was taken")
