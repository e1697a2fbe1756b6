"""A region's log key is gone, or changed while the chain stands still: what people do, judged from outside.

lost      so many records acknowledged and not anchored, an amendment that nobody takes any more, the key
          deleted: two regions turn the log to its next epoch, as the operator's handbook says
changed   the vote for the turn is sent to a chain that does not answer, the region's node is killed and
          started, the chain comes back: the people repeat what they did
"""

import asyncio
import contextlib
import json
import random
import signal
import tempfile
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path

from tests.faults.checker import Checker, Promise
from tests.faults.judging import deaths, settled
from tests.faults.lab import CHAIN, REGIONS, Lab, lab
from tests.faults.oracle import Oracle
from tests.faults.poster import Given, Poster
from tests.faults.turned import Turned
from tests.faults.verdicts import posted_fields
from tests.faults.voting import (
    HOME,
    approve,
    network_file,
    network_name,
    propose,
    write_authorities,
)
from tests.faults.wire import Sent, Wire
from tests.unit.cli.calling import good, jjj

_PATIENCE = 60.0


@dataclass
class Told:
    """What happened to the receipts of a region whose log was turned, and what broke.

    Attributes:
        unanchored: statements that were acknowledged and not anchored when it began.
        moved: statements whose place is in the next log, of those with a receipt of the old one.
        stayed: those whose place is still the old one.
        steps: what the people saw.
    """

    unanchored: int = 0
    moved: int = 0
    stayed: int = 0
    steps: list[str] = field(default_factory=list)
    findings: list[str] = field(default_factory=list)


@dataclass
class _Stage:
    """A running network, who posts there, and what is told of it."""

    made: Lab
    poster: Poster
    told: Told
    dice: random.Random

    @property
    def network_file(self) -> Path:
        return network_file(self.made)

    def mine(self) -> list[Given]:
        return [one for one in self.poster.given if one.region == HOME]

    def follows(self, one: Given) -> bool:
        """Whether that place is in the log after the one that was turned."""
        return one.receipt["origin"] == f"{network_name(self.made)}/{HOME}/2"


def lost(seed: int, records: int, plant: str | None = None) -> Told:
    """The key goes with so many records acknowledged and not anchored."""
    return _told(seed, lambda stage: _lost(stage, records), plant)


def changed(seed: int, plant: str | None = None) -> Told:
    """The key changes while the chain stands still."""
    return _told(seed, _changed, plant)


def _told(seed: int, play: Callable[[_Stage], Awaitable[None]], plant: str | None) -> Told:
    with tempfile.TemporaryDirectory(prefix="jjj-faults-") as folder:
        return asyncio.run(_run(Path(folder), seed, play, plant))


async def _run(
    folder: Path, seed: int, play: Callable[[_Stage], Awaitable[None]], plant: str | None
) -> Told:
    told = Told()
    async with lab(folder, plant) as made:
        write_authorities(made)
        poster = Poster(network_name(made), made.urls, seed)
        stage = _Stage(made, poster, told, random.Random(seed))
        try:
            await poster.register()
            for region in REGIONS:
                await made.anchored(region)
            await play(stage)
            await _judge(stage, 5.0 if plant else _PATIENCE)
        finally:
            await poster.close()
    return told


async def _lost(stage: _Stage, records: int) -> None:
    made, poster = stage.made, stage.poster
    first = await poster.post(HOME)
    stage.told.findings += (await settled(made, poster)).findings
    before = {one.receipt["id"] for one in stage.mine()}
    await made.kill(CHAIN)
    await poster.many(HOME, records)
    # Of a record that is anchored, and of one that is not.
    for one in (first, stage.mine()[-1]):
        await poster.amend(one, posted_fields(one.compact))
    stage.told.unanchored = len({one.receipt["id"] for one in stage.mine()} - before)
    await made.kill(HOME)
    key = made.folder / "keys" / HOME / "log-1.key"
    key.unlink()
    await made.start(CHAIN)
    await made.answering(CHAIN)
    # With the node standing there without its key, or down until all is decided.
    if stage.dice.random() < 0.5:
        await made.start(HOME)
        await made.answering(HOME)
    # The last two are the amendments, before them the record that one of them is of.
    second = stage.mine()[-4]
    pending = asyncio.create_task(poster.amend(second, posted_fields(second.compact)))
    await propose(made)
    await asyncio.to_thread(good, *approve(made, made.rpc))
    if made.processes[HOME].pid is None:
        await made.start(HOME)
    async with asyncio.timeout(_PATIENCE):
        await pending


async def _changed(stage: _Stage) -> None:
    made, poster = stage.made, stage.poster
    await propose(made)
    posting = asyncio.create_task(poster.run(0.1))
    try:
        await _vote_into_silence(stage)
        await made.kill(HOME)
        await made.start(HOME)
        await asyncio.sleep(1 + stage.dice.random())
        await made.signal(CHAIN, signal.SIGCONT)
        await _repeat_vote(stage)
        # Until the node has read of the turn, and writes in the next log.
        async with asyncio.timeout(_PATIENCE):
            while sum(stage.follows(one) for one in stage.mine()) < 20:
                await asyncio.sleep(0.05)
            poster.stopping = True
            await posting
    finally:
        posting.cancel()
        await asyncio.gather(posting, return_exceptions=True)


class _Operators(Wire):
    """The wire of those who vote: no database stands behind it."""

    def _judge(self, region: str, raw: bytes) -> Sent:
        return Sent(region, "", 0, raw, 0)


async def _vote_into_silence(stage: _Stage) -> None:
    """The chain stops as the vote comes; it has it, or does not, when it goes on."""
    made, arrives, sent_once = stage.made, stage.dice.random() < 0.5, asyncio.Event()

    async def fate(sent: Sent, pass_on: Callable[[], Awaitable[bytes]]) -> bytes | None:
        await made.signal(CHAIN, signal.SIGSTOP)
        sent_once.set()
        if arrives:
            # It lies in the chain's socket; whoever sent it hears nothing.
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(0.2):
                    await pass_on()
        return None

    async with _Operators(made.folder, fate=fate) as wire:
        rpc = await wire.open("operators", CHAIN, made.rpc)
        while not sent_once.is_set():
            # An anchor that comes between the proof and the vote makes it refuse; people try again.
            called = await asyncio.to_thread(jjj, *approve(made, rpc))
        stage.told.steps.append(f"vote {'arrives' if arrives else 'is lost'}: {called.status}")
        if called.status == 0:
            stage.told.findings.append("outcome: a vote is reported that nobody answered")


async def _repeat_vote(stage: _Stage) -> None:
    """As people do: see what the chain has, and vote again where it does not know of the turn."""
    made = stage.made
    async with asyncio.timeout(_PATIENCE):
        while True:
            sync = ("registry", "sync", "--rpc", made.rpc, "--network", stage.network_file)
            called = await asyncio.to_thread(jjj, *sync)
            stage.told.steps.append(f"sync: {called.status}")
            if len(json.loads(stage.network_file.read_text())["logs"]) > len(REGIONS):
                return
            called = await asyncio.to_thread(jjj, *approve(made, made.rpc))
            stage.told.steps.append(f"vote: {called.status} {called.err[:200]}")


async def _judge(stage: _Stage, settle_seconds: float) -> None:
    """Every receipt of the region: its place, a repeat, and the way between; then the open logs as ever."""
    made, poster, told = stage.made, stage.poster, stage.told
    old = [Promise(one.region, one.compact, one.receipt) for one in stage.mine()]
    compacts = list({one.receipt["id"]: one.compact for one in old}.values())
    # Who gets no answer is missed by the judge.
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(settle_seconds):
            for at in range(0, len(compacts), 500):
                await poster.again(HOME, compacts[at : at + 500])
    again = [Promise(one.region, one.compact, one.receipt) for one in stage.mine()[len(old) :]]
    checker = _open_logs(stage, again)
    await asyncio.to_thread(checker.settled, settle_seconds)
    await asyncio.to_thread(checker.check, 30, 0)
    turned = Turned(
        stage.network_file, made.rpc, HOME, old, {one.receipt["id"]: one for one in again}
    )
    await asyncio.to_thread(turned.check)
    refused = [f"repeat: refused: {one}" for one in poster.refused]
    told.findings += [*refused, *checker.findings, *turned.findings, *deaths(made)]
    _count(told, old, turned.again)
    if turned.findings:
        return
    oracle = Oracle(made, poster)
    # What has moved is shown at its new place only.
    newest = {one.receipt["id"]: one for one in poster.given}
    poster.given = list(newest.values())
    told.findings += await oracle.finish()


def _open_logs(stage: _Stage, again: list[Promise]) -> Checker:
    """The checker of every log that is open, with the promises that are made there."""
    others = [one for one in stage.poster.given if one.region != HOME]
    closed = {
        one["origin"] for one in json.loads(stage.network_file.read_text())["logs"] if one["closed"]
    }
    promises = [Promise(one.region, one.compact, one.receipt) for one in others]
    promises += [one for one in again if one.receipt["origin"] not in closed]
    checker = Checker(stage.network_file, stage.made.rpc, promises)
    checker.logs = [one for one in checker.logs if one.origin not in closed]
    return checker


def _count(told: Told, old: list[Promise], again: dict[str, Promise]) -> None:
    before = {one.receipt["id"]: one.receipt["origin"] for one in reversed(old)}
    first = min(before.values(), default="")
    mine = [name for name, origin in before.items() if origin == first]
    mine = [name for name in mine if name in again]
    told.moved = sum(again[name].receipt["origin"] != first for name in mine)
    told.stayed = len(mine) - told.moved
