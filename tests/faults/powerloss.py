"""The power goes: a real node's storage calls are recorded, and each moment between two may be the last.

strace tells what the node wrote, synced and renamed while it took records in. Crash states are made of that,
with what was not synced dropped or torn, and the node's own recovery opens each.
"""

import asyncio
import hashlib
import json
import random
import signal
import sqlite3
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

from ledger.errors import LedgerError
from ledger.keys.demo import demo_log_key
from ledger.sealing import Sealer
from ledger.store import FileHeadLock, SqliteStore
from ledger.values import Origin
from tests.faults import rawlog
from tests.faults.lab import lab, quick_folder
from tests.faults.poster import Poster
from tests.faults.rawlog import Proof
from tests.faults.storagecalls import CALLS, Call, Disk, parse, read_files
from tests.faults.tracing import attached
from tests.unit.sealing.harness import EventTasks, HandClock

HOME = "tianjin"
DATABASE = "ledger.sqlite"
# How often the dice are thrown again for a state that was opened before.
_TRIES = 12


@dataclass(frozen=True)
class Promised:
    """A receipt, and when it was in the author's hands (seconds since 1970)."""

    time: float
    statement: str
    proof: Proof


@dataclass
class Recording:
    """What lay on the disk at first, what was asked of it since, and what was promised meanwhile."""

    origin: str
    data: Path
    locks: Path
    files: dict[str, bytes]
    calls: list[Call]
    promised: list[Promised]


@dataclass
class Losses:
    """How many crash states were opened, and what broke."""

    states: int = 0
    findings: list[str] = field(default_factory=list)


def record(seed: int, records: int, plant: str | None = None) -> Recording:
    """Post so many records to a node and write down what it does to its disk."""
    with tempfile.TemporaryDirectory(prefix="jjj-faults-") as folder:
        return asyncio.run(_record(Path(folder), seed, records, plant))


async def _record(folder: Path, seed: int, records: int, plant: str | None) -> Recording:
    async with lab(folder, plant) as made:
        network = json.loads((folder / "network.json").read_text())["network"]
        poster = Poster(network, made.urls, seed)
        data, locks = folder / "data" / HOME, folder / "locks" / HOME
        told = folder / "strace.txt"
        try:
            await poster.register()
            await made.anchored(HOME)
            heads = [one.with_suffix(".new") for one in locks.glob("*.head")]
            paths = [
                data,
                data / DATABASE,
                data / f"{DATABASE}-wal",
                locks,
                *locks.iterdir(),
                *heads,
            ]
            whole = ("-ttt", "-y", "-xx", "-s", "1000000", f"--trace={','.join(CALLS)}")
            async with attached(made.processes[HOME].pid, told, paths, whole):
                # What is written from here on is told; what was before lies there and counts as safe.
                files = read_files([data, locks])
                for _ in range(records):
                    await poster.post(HOME)
                # Its last act may be to carry the journal over into the database.
                await made.signal(HOME, signal.SIGTERM)
                assert await made.ended(HOME, 30) == 0, made.log(HOME).read_text()[-2000:]
        finally:
            await poster.close()
        calls = list(parse(told.read_text()))
    promised = [
        Promised(one.time, one.receipt["id"], Proof.of(one.receipt["proof"]))
        for one in poster.given
        if one.region == HOME
    ]
    return Recording(f"{network}/{HOME}/1", data, locks, files, calls, promised)


def lose(recording: Recording, seed: int, states: int) -> Losses:
    """Open so many crash states, no two alike, at moments spread over all calls, or all that there are."""
    dice, losses, seen, before = random.Random(seed), Losses(), set(), -1
    while before < losses.states < states:
        before = losses.states
        _lose_once_through(recording, dice, states - before, seen, losses)
    return losses


def _lose_once_through(
    recording: Recording, dice: random.Random, states: int, seen: set[bytes], losses: Losses
) -> None:
    moments = sorted(dice.randrange(len(recording.calls)) for _ in range(states))
    disk, done = Disk(recording.files), 0
    for moment in moments:
        for call in recording.calls[done:moment]:
            disk.do(call)
        done = moment
        now = recording.calls[moment].time
        promised = [one for one in recording.promised if one.time < now]
        files = _unlike(seen, disk, len(promised), dice)
        if files is None:
            continue
        losses.states += 1
        if fault := _opened(recording, files, promised):
            losses.findings.append(f"{fault} (before call {moment})")


def _unlike(
    seen: set[bytes], disk: Disk, promised: int, dice: random.Random
) -> dict[str, bytes] | None:
    """A state of this moment that was not opened yet; None where the dice show only known ones.

    The same files with more promised by then are another state: what was enough before may break one now.
    """
    for _ in range(_TRIES):
        files = disk.after_power_loss(dice)
        told = hashlib.sha256(b"%d" % promised)
        for path in sorted(files):
            told.update(f"\0{path}\0{len(files[path])}\0".encode() + files[path])
        if told.digest() not in seen:
            seen.add(told.digest())
            return files
    return None


def _opened(recording: Recording, files: dict[str, bytes], promised: list[Promised]) -> str:
    """What is wrong after a start on these files, or ''."""
    # A sync need not be real here: what it kept and lost is decided.
    with tempfile.TemporaryDirectory(prefix="jjj-state-", dir=quick_folder()) as made:
        data, locks = Path(made) / "data", Path(made) / "locks"
        for source, target in ((recording.data, data), (recording.locks, locks)):
            target.mkdir(mode=0o700)
            for path, content in files.items():
                if Path(path).parent == source:
                    (target / Path(path).name).write_bytes(content)
        try:
            held = asyncio.run(_start(recording.origin, data / DATABASE, locks))
        except LedgerError as error:
            return f"start: {error}"
        return held or _broken(recording.origin, data / DATABASE, promised)


async def _start(origin: str, database: Path, locks: Path) -> str:
    """The node's own recovery: store, head lock and log, in this order; why it does not lead, or ''."""
    lock = FileHeadLock.open(locks)
    try:
        store = await SqliteStore.open(database)
        try:
            await lock.beside(await store.identity())
            sealer = Sealer(
                origin=Origin.parse(origin),
                store=store,
                head_lock=lock,
                signer=demo_log_key(origin),
                clock=HandClock(),
                tasks=EventTasks(),
            )
            standing = await sealer.resume()
            return "" if standing.leading else f"start: {standing.code}"
        finally:
            await store.close()
    finally:
        lock.close()


def _broken(origin: str, database: Path, promised: list[Promised]) -> str:
    """Whether the log that was found keeps every promise, from its raw rows."""
    with sqlite3.connect(database) as raw:
        rows = raw.execute(
            "SELECT leaf.hash, statement.id FROM leaf JOIN statement ON number = leaf.statement"
            ' WHERE origin = ? ORDER BY leaf."index"',
            (origin,),
        ).fetchall()
    raw.close()
    roots = rawlog.roots([leaf for leaf, _ in rows])
    for one in promised:
        index, checkpoint = one.proof.index, one.proof.checkpoint
        if index >= len(rows) or rows[index][1].hex() != one.statement:
            return f"kept: the log holds no {one.statement[:8]} at {index}"
        if checkpoint.size >= len(roots) or roots[checkpoint.size] != checkpoint.root:
            return f"kept: the log does not go on from {checkpoint.size} leaves"
    return ""
