"""Disks that fill up to their last byte under one region's node while records come in, and are emptied.

Nothing that was acknowledged may be lost, nothing may be answered with an error that is not ours, the other
regions go on, and once there is room this one does, without anyone's hand: a process that ended by itself
is only started again, as a service manager would.
"""

import asyncio
import contextlib
import json
import os
import random
import signal
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ledger.store.sqlite import ROOM
from tests.faults.diskreads import Reader
from tests.faults.judging import SETTLE_SECONDS, judge
from tests.faults.lab import REGIONS, Lab, lab
from tests.faults.poster import Poster
from tests.postgres import Server
from tests.smalldisk import SmallDisk, small_disk

HOME = "tianjin"
_ANSWERED, _SLOWLY = ", after an answer", ", slowly"
SQLITE = (
    "data filled",
    f"data filled{_ANSWERED}",
    f"data filled{_SLOWLY}",
    "locks filled",
    "temp filled",
    "data filled, stopped",
    "data filled, killed",
    "locks filled, killed",
)
"""A disk, and what happens to the node beside that. SQLite's journal lies with its database."""
POSTGRES = ("data filled", "wal filled", "wal filled, killed", "data filled, killed")
_SPARE = 4 << 20
"""Bytes above the room that a commit asks for."""
_MEGABYTES = {"data": 64, "locks": 1, "temp": 1}
_SERVER_MEGABYTES = {"data": 96, "wal": 40}
_PATIENCE = 60.0
_ENDED_WITH_REASON = 1


@dataclass
class Filled:
    """What was done and seen; ``findings`` is empty where all held.

    Attributes:
        cases: by kind.
        codes: what posts were refused with meanwhile.
        ends: how often the node ended by itself, by kind.
        reads: who answered for the region's log while a disk of it was full.
    """

    cases: Counter[str] = field(default_factory=Counter)
    codes: Counter[str] = field(default_factory=Counter)
    ends: Counter[str] = field(default_factory=Counter)
    reads: Counter[str] = field(default_factory=Counter)
    statements: int = 0
    findings: list[str] = field(default_factory=list)


def run(
    seed: int,
    kinds: Sequence[str] = SQLITE,
    copies: int = 0,
    plant: str | None = None,
    settle_seconds: float = SETTLE_SECONDS,
) -> Filled:
    """Each of these once on SQLite, in an order of the seed's."""
    with tempfile.TemporaryDirectory(prefix="jjj-faults-") as name, contextlib.ExitStack() as held:
        folder = Path(name)
        places = {
            "data": folder / "data" / HOME,
            "locks": folder / "locks" / HOME,
            "temp": folder / "temp",
        }
        disks = {one: held.enter_context(_disk(places[one], _MEGABYTES[one])) for one in places}
        held.enter_context(_temporary(places["temp"]))
        return asyncio.run(
            _run(folder, seed, kinds, copies, disks, plant=plant, settle_seconds=settle_seconds)
        )


def run_on_postgres(seed: int, kinds: Sequence[str] = POSTGRES, copies: int = 0) -> Filled:
    """Each of these once on a PostgreSQL whose data and journal lie on small disks."""
    with (
        tempfile.TemporaryDirectory(prefix="jjj-faults-") as name,
        Server.running() as server,
        contextlib.ExitStack() as held,
    ):
        places = {"data": server.data, "wal": server.folder / "wal"}
        disks = {
            one: held.enter_context(_disk(places[one], _SERVER_MEGABYTES[one])) for one in places
        }
        # Or its own end would be hindered by a disk that is gone.
        held.callback(server.stop, signal.SIGQUIT)
        for place in places.values():
            server.own(place)
        server.found(f"--waldir={places['wal']}", "--wal-segsize=1")
        # Little is kept ready: a full disk is felt after a few megabytes.
        server.admin(
            "ALTER SYSTEM SET wal_keep_size = 0",
            "ALTER SYSTEM SET min_wal_size = 2",
            "ALTER SYSTEM SET max_wal_size = 8",
            "SELECT pg_reload_conf()",
        )
        with server.database() as database:
            address = server.address(database)
            more = (
                f'database = "{address.url}"\ndatabase_password_file = "{address.password_file}"\n'
            )
            return asyncio.run(
                _run(Path(name), seed, kinds, copies, disks, settings={HOME: more}, server=server)
            )


@contextlib.contextmanager
def _disk(place: Path, megabytes: int) -> Iterator[SmallDisk]:
    place.mkdir(parents=True)
    with small_disk(place, megabytes) as disk:
        yield disk


@contextlib.contextmanager
def _temporary(folder: Path) -> Iterator[None]:
    """Where processes that begin meanwhile put what they need for a moment."""
    names = ("TMPDIR", "SQLITE_TMPDIR")
    before = {name: os.environ.get(name) for name in names}
    os.environ.update(dict.fromkeys(names, str(folder)))
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


async def _run(
    folder: Path,
    seed: int,
    kinds: Sequence[str],
    copies: int,
    disks: Mapping[str, SmallDisk],
    *,
    settings: Mapping[str, str] | None = None,
    server: Server | None = None,
    plant: str | None = None,
    settle_seconds: float = SETTLE_SECONDS,
) -> Filled:
    done = Filled()
    async with lab(folder, plant, copies, settings) as made:
        network = json.loads((folder / "network.json").read_text())["network"]
        poster = Poster(network, made.urls, seed)
        filling = Filling(made, poster, disks, done, random.Random(seed), server)
        await poster.register()
        await made.anchored(HOME)
        posting = asyncio.create_task(poster.run(pace=0.05))
        try:
            for kind in filling.shuffled(kinds):
                await filling.case(kind)
            poster.stopping = True
            async with asyncio.timeout(_PATIENCE):
                await posting
        finally:
            posting.cancel()
            await asyncio.gather(posting, return_exceptions=True)
            await poster.close()
        done.codes = Counter({code: n for (_, code), n in poster.excuses.items()})
        done.statements = len({one.receipt["id"] for one in poster.given})
        done.findings += (await judge(made, [poster], seed, settle_seconds)).findings
    return done


@dataclass
class Filling:
    """Fills one disk after the other and looks at what that does."""

    made: Lab
    poster: Poster
    disks: Mapping[str, SmallDisk]
    done: Filled
    dice: random.Random
    server: Server | None

    def shuffled(self, kinds: Sequence[str]) -> list[str]:
        return self.dice.sample(kinds, len(kinds))

    async def case(self, kind: str) -> None:
        """Full at some moment, then room again, and back to work."""
        name, _, beside = kind.partition(" filled")
        disk = self.disks[name]
        await asyncio.sleep(self.dice.random())
        # Ended by its own hand, saying why: what D3 asks for where a commit fails.
        self.made.processes[HOME].excused = (_ENDED_WITH_REASON,)
        await self._fill(kind, disk, beside)
        try:
            await self._strike(kind, name, beside)
            for _ in range(2):
                disk.fill_up()
                await self._look(kind)
            await self._others_go_on(kind)
        finally:
            disk.free()
        await self._resumes(kind)
        if beside == _SLOWLY and self.done.ends[kind]:
            # Room is looked for before a commit needs it, so that reading goes on.
            self._found("ends", kind, "it ended though it had refused in time")
        self.done.cases[kind] += 1

    async def _fill(self, kind: str, disk: SmallDisk, beside: str) -> None:
        """To the last byte: at any moment, right behind an answer, or so slowly that it is noticed first."""
        if beside == _ANSWERED:
            # What is left then is filled quickly.
            disk.fill(ROOM + _SPARE)
            await self._acknowledges(kind, (HOME,))
        elif beside == _SLOWLY:
            disk.fill(ROOM - _SPARE)
            await self._felt(kind)
        disk.fill_up()

    async def _strike(self, kind: str, disk: str, beside: str) -> None:
        if beside == ", killed":
            await self.made.kill(HOME)
        elif beside == ", stopped":
            await self.made.signal(HOME, signal.SIGTERM)
            status = await self.made.ended(HOME, _PATIENCE)
            if status not in (0, _ENDED_WITH_REASON):
                self._found("ends", kind, f"told to end, it ended with {status}")
        elif disk == "temp":
            await self._acknowledges(kind, (HOME,))
        elif beside != _SLOWLY:
            await self._felt(kind, self.disks[disk])

    async def _felt(self, kind: str, disk: SmallDisk | None = None) -> None:
        """Wait until a post was refused for it, or the node has ended; meanwhile keep this disk full."""
        before = self._refusals()
        deadline = asyncio.get_running_loop().time() + _PATIENCE
        while self._refusals() == before and not await self._has_ended(kind):
            if disk is not None:
                # What was given back, by a journal begun anew, is taken again.
                disk.fill_up()
            if asyncio.get_running_loop().time() > deadline:
                self._found("felt", kind, "nothing was refused and nothing ended")
                return
            await asyncio.sleep(0.05)

    def _refusals(self) -> int:
        return sum(n for (region, _), n in self.poster.excuses.items() if region == HOME)

    async def _has_ended(self, kind: str, seconds: float = 0.01) -> bool:
        """Also for those that were not started again yet."""
        if self.made.processes[HOME].pid is None:
            return True
        status = await self.made.ended(HOME, seconds)
        if status is None:
            return False
        self.done.ends[kind] += 1
        if status != _ENDED_WITH_REASON:
            log = self.made.log(HOME).read_text()[-2000:]
            self._found("ends", kind, f"ended by itself with {status}: {log}")
        return True

    async def _start(self) -> None:
        await self.made.start(HOME)
        self.made.processes[HOME].excused = (_ENDED_WITH_REASON,)

    async def _look(self, kind: str) -> None:
        """Start it where it has ended, and read: there, or from the mirrors where it ends again."""
        if await self._has_ended(kind):
            await self._start()
        reader = Reader(self.made, self.poster, HOME, self.dice)
        deadline = asyncio.get_running_loop().time() + _PATIENCE
        while not await self.made.is_answering(HOME):
            if await self._has_ended(kind):
                break
            if asyncio.get_running_loop().time() > deadline:
                self._found("reads", kind, "neither answers nor ends")
                return
        else:
            faults = await reader.at_home()
            # It may have met the full disk just now: what it began to answer is cut off.
            if not await self._has_ended(kind, 0.3):
                self.done.reads["home"] += 1
                self.done.findings += [f"reads: {kind}: {one}" for one in faults]
                return
        if self.made.copies:
            self.done.reads["mirrors"] += 1
            self.done.findings += [f"reads: {kind}: {one}" for one in await reader.at_mirrors()]

    async def _others_go_on(self, kind: str) -> None:
        await self._acknowledges(kind, [one for one in REGIONS if one != HOME])

    async def _acknowledges(self, kind: str, regions: Sequence[str]) -> None:
        """Wait until each of these has promised something new."""
        before = {one: self.poster.highest[one] for one in regions}
        deadline = asyncio.get_running_loop().time() + _PATIENCE
        while left := [one for one in regions if self.poster.highest[one] <= before[one]]:
            if asyncio.get_running_loop().time() > deadline:
                self._found("others", kind, f"{left} took nothing meanwhile")
                return
            await asyncio.sleep(0.05)

    async def _resumes(self, kind: str) -> None:
        """There is room: it takes records again, started again where it had ended."""
        before = self.poster.highest[HOME]
        deadline = asyncio.get_running_loop().time() + _PATIENCE
        while self.poster.highest[HOME] <= before:
            if self.server is not None and self.server.ended:
                self.server.stop()
                self.server.start()
            if await self._has_ended(kind):
                await self._start()
            if asyncio.get_running_loop().time() > deadline:
                log = self.made.log(HOME).read_text()[-2000:]
                self._found("resumes", kind, f"takes nothing though there is room: {log}")
                return
            await asyncio.sleep(0.05)

    def _found(self, invariant: str, kind: str, what: str) -> None:
        self.done.findings.append(f"{invariant}: {kind}: {what}")
