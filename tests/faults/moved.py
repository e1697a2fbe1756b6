"""The chain is replaced for good: what nodes do, and what people do then, judged from outside.

identity   each region says so, takes records on, and sends the other chain nothing until it was told to
again      every head that bundles stood on is on the new chain, in order and before any new one
verdict    bundles from before keep their verdict offline, and are unknown where the other chain is asked
"""

import asyncio
import contextlib
import json
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

from tests.faults import rawchain
from tests.faults.checker import Checker
from tests.faults.judging import deaths, settled
from tests.faults.lab import CHAIN, REGIONS, Lab, lab
from tests.faults.oracle import Oracle, verify
from tests.faults.poster import Poster
from tests.faults.verdicts import ASKED, OFFLINE, PASSED, Kept
from tests.faults.voting import (
    HOME,
    approve,
    authority,
    network_file,
    network_name,
    propose,
    write_authorities,
)
from tests.unit.cli.calling import good

_PATIENCE = 60.0
_ROUNDS = 3
_RECORDS = 6


@dataclass
class Told:
    """What was done and what broke.

    Attributes:
        heads: heads that the old chain held, by log.
        meanwhile: records acknowledged while another chain answered.
        steps: what each authority did at the new registry.
    """

    heads: dict[str, list[tuple[int, bytes]]] = field(default_factory=dict)
    meanwhile: int = 0
    steps: list[str] = field(default_factory=list)
    findings: list[str] = field(default_factory=list)


@dataclass
class _Stage:
    made: Lab
    poster: Poster
    told: Told
    kept: list[Kept] = field(default_factory=list)

    @property
    def network(self) -> dict:
        return json.loads(network_file(self.made).read_text())


def moved(seed: int, plant: str | None = None) -> Told:
    """Lose the chain for good, with a log that was closed before."""
    with tempfile.TemporaryDirectory(prefix="jjj-faults-") as folder:
        return asyncio.run(_run(Path(folder), seed, plant))


async def _run(folder: Path, seed: int, plant: str | None) -> Told:
    told = Told()
    async with lab(folder, plant) as made:
        write_authorities(made)
        poster = Poster(network_name(made), made.urls, seed)
        stage = _Stage(made, poster, told)
        try:
            await poster.register()
            await _anchor(stage)
            await _turn(stage)
            await _keep_bundles(stage)
            old = network_file(made).read_bytes()
            await _replace_chain(stage)
            await _check_silence(stage)
            # What is broken only breaks more of what follows, and each step waits for what never comes.
            if not told.findings and await _move(stage):
                await _judge(stage, old)
        finally:
            await poster.close()
        told.findings += deaths(made)
    return told


async def _anchor(stage: _Stage) -> None:
    """Several heads of each log, so that there is an order to be kept; one where a fault is planted."""
    for _ in range(1 if stage.made.plant else _ROUNDS):
        for region in REGIONS:
            await stage.poster.many(region, _RECORDS)
        stage.told.findings += (await settled(stage.made, stage.poster)).findings


async def _turn(stage: _Stage) -> None:
    made = stage.made
    await propose(made)
    await asyncio.to_thread(good, *approve(made, made.rpc))
    async with asyncio.timeout(_PATIENCE):
        while not (await made.readiness(HOME))["log"]["origin"].endswith("/2"):
            await asyncio.sleep(0.1)
    await _anchor(stage)


async def _keep_bundles(stage: _Stage) -> None:
    oracle = Oracle(stage.made, stage.poster)
    stage.told.findings += await oracle.finish()
    stage.kept = oracle.kept
    stage.told.heads = _events(stage)


def _events(stage: _Stage) -> dict[str, list[tuple[int, bytes]]]:
    checker = Checker(network_file(stage.made), stage.made.rpc, [])
    ledger = stage.network["chain"]["ledger"]
    return {
        log.origin: [
            (one.size, one.root) for one in rawchain.events(stage.made.rpc, ledger, log.id)
        ]
        for log in checker.logs
    }


async def _replace_chain(stage: _Stage) -> None:
    """Another chain answers at the same address: its first block is of another moment."""
    made = stage.made
    await made.kill(CHAIN)
    for file in made.folder.glob("chain.sqlite*"):
        file.unlink()
    await made.start(CHAIN)
    await made.answering(CHAIN)


async def _check_silence(stage: _Stage) -> None:
    before = len(stage.poster.given)
    stage.told.findings += await asyncio.gather(*(_alarmed(stage.made, name) for name in REGIONS))
    for region in REGIONS:
        await stage.poster.many(region, _RECORDS)
    await asyncio.sleep(2)
    stage.told.meanwhile = len(stage.poster.given) - before
    stage.told.findings = [one for one in stage.told.findings if one] + _sent(stage)


async def _alarmed(made: Lab, region: str) -> str:
    """Wait for the alarm; what is wrong with it, or ''."""
    # Whoever found the chain silent for a while looks again after ten seconds.
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(12 if made.plant else 20):
            while await _alarm(made, region) != "chain_identity":
                await asyncio.sleep(0.1)
    alarm = await _alarm(made, region)
    return "" if alarm == "chain_identity" else f"identity: {region} says {alarm}"


async def _alarm(made: Lab, region: str) -> str | None:
    return (await made.readiness(region))["anchoring"]["alarm"]


def _sent(stage: _Stage) -> list[str]:
    """What the accounts of the old chain sent to the other one."""
    counts = {
        entry["name"]: rawchain.transactions(stage.made.rpc, entry["anchor"])
        for entry in stage.network["regions"]
    }
    return [f"identity: {region} sent {count}" for region, count in counts.items() if count]


async def _move(stage: _Stage) -> bool:
    """As the operator's handbook says: accounts, contracts, votes, files, a start; whether all is told."""
    made, folder = stage.made, stage.made.folder
    anchors = [await _new_anchor(folder, region) for region in REGIONS]
    given = [part for one in anchors for part in ("--anchor", one)]
    at = ("--rpc", made.rpc, "--network", network_file(made))
    fresh = folder / "moved.json"
    out = ("--deployer", folder / "deployer.key", "--out", fresh)
    await asyncio.to_thread(good, "chain", "move", *at, *given, *out)
    await _restate(stage, fresh)
    for region in REGIONS:
        await made.kill(region)
        (folder / f"new-{region}.key").replace(folder / "keys" / region / "anchor.key")
    old = _sent(stage)
    fresh.replace(network_file(made))
    for region in REGIONS:
        await made.start(region)
    for region in REGIONS:
        await made.answering(region)
    stage.told.findings += old
    deadline = asyncio.get_running_loop().time() + (10 if made.plant else _PATIENCE)
    while waiting := await _restate(stage, network_file(made)):
        if asyncio.get_running_loop().time() > deadline:
            stage.told.findings.append(f"again: {waiting}")
            return False
        await asyncio.sleep(1)
    return True


async def _new_anchor(folder: Path, region: str) -> str:
    make = ("keys", "make", "anchor", "--out", folder / f"new-{region}.key", "--json")
    return f"{region}={json.loads((await asyncio.to_thread(good, *make)).out)['address']}"


async def _restate(stage: _Stage, file: Path) -> dict[str, str]:
    """One authority after the other; what still waits for somebody, or for the nodes."""
    for region in REGIONS:
        who = ("--authority", authority(stage.made, region))
        call = ("registry", "restate", "--rpc", stage.made.rpc, "--network", file, *who)
        said = json.loads((await asyncio.to_thread(good, *call, "--json")).out)
        stage.told.steps += said["done"]
    return said["waiting"]


async def _judge(stage: _Stage, old: bytes) -> None:
    made, told, poster = stage.made, stage.told, stage.poster
    newest = {one.receipt["id"]: one for one in poster.given}
    poster.given = list(newest.values())
    checker = await settled(made, poster)
    await asyncio.to_thread(checker.check, 30, 0)
    told.findings += checker.findings
    told.findings += await asyncio.to_thread(_again, stage)
    told.findings += await Oracle(made, poster).finish()
    told.findings += await asyncio.to_thread(_old_verdicts, stage, old)


def _old_verdicts(stage: _Stage, old: bytes) -> list[str]:
    """Who still has the policy of then, and asks the chain of now."""
    found = []
    for kept in stage.kept:
        states = [verify(old, kept.data, mode, stage.made.rpc).state for mode in (OFFLINE, ASKED)]
        if states != [PASSED, "unknown"]:
            found.append(f"verdict: of a bundle from before: {states}")
    return found


def _again(stage: _Stage) -> list[str]:
    """Old heads that are missing on the new chain, or stand after new ones."""
    found, now = [], _events(stage)
    for origin, heads in stage.told.heads.items():
        if now[origin][: len(heads)] != heads:
            found.append(f"again: {origin}: {[size for size, _ in now[origin]]}")
    return found
