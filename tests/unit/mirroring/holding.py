"""A home node and its two mirrors without HTTP: real services, stores and locks in files, faults on order."""

from __future__ import annotations

import asyncio
import hashlib
import shutil
from collections.abc import Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from itertools import count
from pathlib import Path

from ledger import failpoints, tree
from ledger.errors import LedgerError, UnavailableError
from ledger.merkle.note import LOG_KEY
from ledger.mirroring import FetchedCopies, Holders, Keeper, Mirror, Refetcher
from ledger.node.world import AsyncioTasks
from ledger.ports import ChainHead, StatementRow
from ledger.sealing import Sealer
from ledger.sharing import Feed, Holdings
from ledger.statement.hpke import public_key_of
from ledger.statement.sealed import SealedBatch, open_sealed
from ledger.store import FileHeadLock, SqliteStore
from ledger.testing.kit import NoteKey
from ledger.values import Millis, TreeHead
from tests.unit.anchoring.support import NETWORK, HandClock
from tests.unit.mirroring.regions import (
    CA,
    CARRIER,
    REGISTRAR,
    bill,
    origin_of,
    policies,
    registration,
    row_of,
    statement,
)
from tests.unit.sealing.harness import Given

HOME = origin_of("beijing")
NEXT = HOME.next_epoch()
MIRRORS = ("hebei", "tianjin")
RECOVERY = hashlib.sha256(b"recovery").digest()
PEER = NoteKey(f"{NETWORK}/beijing/peer")
_numbers = count(1)


class CrashError(BaseException):
    """What a killed process feels: nothing catches it."""


class QuickTasks(AsyncioTasks):
    """Pauses are a fiftieth as long; time-outs are not."""

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds / 50)


class SeededRandom:
    def __init__(self, seed: str) -> None:
        self._seed, self._count = seed, count()

    def bytes(self, n: int) -> bytes:
        block = hashlib.shake_256(f"{self._seed} {next(self._count)}".encode())
        return block.digest(n)


def rows(number: int) -> list[StatementRow]:
    """Bills nobody has posted before; ``goods`` is closed to mirrors."""
    return [
        row_of(
            "beijing", statement("beijing", CARRIER, "bill_of_lading", bill(f"H{next(_numbers)}"))
        )
        for _ in range(number)
    ]


def first_row() -> StatementRow:
    return row_of("beijing", registration("beijing", CARRIER, ["bill_of_lading"]))


class MirrorNode:
    """One mirror: what its process holds is made anew by ``restart``."""

    def __init__(self, region: str, store: SqliteStore, lock: FileHeadLock, clock) -> None:
        self.region, self.store, self.lock, self.clock = region, store, lock, clock
        self.down = False
        self.logs = policies()
        self.home_feed = None
        self.restart()

    def restart(self) -> None:
        self.mirror = Mirror(
            region=self.region,
            store=self.store,
            peers=[FeedingPeer(self)],
            logs=self.logs,
            cas=[CA.certificate],
            certificates=[REGISTRAR.certificate],
            peer_keys={PEER.name: PEER.vkey(LOG_KEY)},
            clock=self.clock,
            tasks=QuickTasks(),
        )
        self.keeper = Keeper(
            region=self.region,
            store=self.store,
            policies=self.logs,
            logs=self.mirror.logs,
            head_lock=self.lock,
            clock=self.clock,
        )

    async def head(self):
        return (await self.lock.read(HOME)).head

    async def check_holds(self, held: list[StatementRow], size: int) -> None:
        """Check that lock and store hold the log up to a size, sealed disclosures too."""
        head = await self.head()
        assert head is not None
        assert head.size >= size
        assert head.root == await tree.root(self.store, HOME, head.size)
        ids = [row.id for row in held]
        assert await self.store.known(ids) == set(ids)
        kept = await self.store.sealed(HOME, ids)
        for row in held:
            [found] = await self.store.statement(row.id)
            clear = set(found.statement.disclosures)
            hidden = [text for text in row.disclosures if text not in clear]
            assert found.statement.signed == row.signed
            if hidden:
                assert list(open_sealed(kept[row.id], HOME, row.id, RECOVERY)) == hidden


class FeedingPeer:
    """The home node's feed, as a mirror sees it."""

    region = "beijing"

    def __init__(self, mirror: MirrorNode) -> None:
        self._mirror = mirror

    async def feed(self, origin, start, count):
        if self._mirror.home_feed is None:
            raise UnavailableError("peer_unavailable", "beijing is down")
        return await self._mirror.home_feed(origin, start, count)


@dataclass
class HeldPeer:
    """A mirror as a home node reaches it; ``before`` and ``after`` a request something may happen."""

    mirror: MirrorNode
    asked: list[str] = field(default_factory=list)
    before: dict = field(default_factory=dict)
    after: dict = field(default_factory=dict)
    steps: list = field(default_factory=list)
    change: Callable = field(default=lambda _, fed: fed)
    note: str | None = None

    @property
    def region(self) -> str:
        return self.mirror.region

    async def held(self, origin):
        return await self._ask("held", origin)

    async def feed(self, origin, start, count):
        if "feed" in self.before:
            await self.before["feed"]()
        if self.mirror.down:
            raise UnavailableError("peer_unavailable", f"{self.region} is down")
        fed = await Feed(Holdings(self.mirror.store), self.region).read(origin, start, count)
        return [self.change(start + at, one) for at, one in enumerate(fed)]

    async def checkpoint(self, origin, size=None):
        return self.note

    async def lead(self, origin, leader):
        return await self._ask("lead", origin, leader)

    async def hold(self, origin, step):
        self.steps.append(step)
        return await self._ask("hold", origin, step)

    async def _ask(self, name, *arguments):
        self.asked.append(name)
        if self.mirror.down:
            raise UnavailableError("peer_unavailable", f"{self.region} is down")
        if name in self.before:
            await self.before[name]()
        try:
            answer = await getattr(self.mirror.keeper, name)(*arguments)
        except CrashError:
            self.mirror.restart()
            raise UnavailableError("peer_unavailable", f"{self.region} was killed") from None
        if name in self.after:
            await self.after[name]()
        return answer


def own_policies():
    """What is trusted of each log, and of the one that follows the home node's."""
    known = policies()
    key = NoteKey(str(NEXT)).vkey(LOG_KEY)
    return known | {NEXT: replace(known[HOME], origin=NEXT, key=key)}


class AnchoredHead:
    """The chain, as far as a recovery asks it."""

    def __init__(self, head) -> None:
        self.head_now = head

    async def head(self, log_id):
        if self.head_now is None:
            raise UnavailableError("chain_unavailable", "no chain here")
        return ChainHead(self.head_now, Millis(0))


class HomeNode:
    """One start of the home node on a folder (database and head lock); ``seed`` feeds its randomness.

    ``alone``: as with ``copies`` = 0; ``anchored``: the chain's head, for a node that fetches what it lacks.
    """

    def __init__(
        self, folder: Path, store, lock, clock, mirrors, seed: str, *,
        alone=False, anchored: TreeHead | None = None, **holders,
    ) -> None:  # fmt: skip
        self.folder, self.store, self.lock, self.clock = folder, store, lock, clock
        self.tasks = QuickTasks()
        self.peers = [HeldPeer(mirror) for mirror in mirrors]
        random = SeededRandom(seed)

        def batch():
            return SealedBatch(public_key_of(RECOVERY), random.bytes(32), PEER.sign)

        self.feed = Feed(Holdings(store), "beijing", batch)
        self.copies = (
            FetchedCopies(MIRRORS, clock, 60)
            if alone
            else Holders(
                store=store,
                head_lock=lock,
                peers=self.peers,
                feed=self.feed.read,
                random=random,
                clock=clock,
                tasks=self.tasks,
                **holders,
            )
        )
        self.chain = AnchoredHead(anchored)
        self.back: list[StatementRow] = []
        self.recovery = Refetcher(
            store=store,
            chain=self.chain,
            peers=self.peers,
            logs=own_policies(),
            cas=[CA.certificate],
            certificates=[REGISTRAR.certificate],
            peer_keys={PEER.name: PEER.vkey(LOG_KEY)},
            clock=clock,
            tasks=self.tasks,
            held_first=not alone,
            stored=self.back.extend,
        )
        self.sealer = Sealer(
            origin=HOME,
            store=store,
            head_lock=lock,
            signer=NoteKey(str(HOME)),
            clock=clock,
            tasks=self.tasks,
            copies=self.copies,
            recovery=None if anchored is None else self.recovery,
        )

    async def start(self):
        standing = await self.sealer.resume()
        self.tasks.spawn("sealing", self.sealer.run())
        self.tasks.spawn("leading", self.sealer.retry())
        return standing

    async def turn(self, size: int):
        """Go on in the next epoch; the first was closed at that size."""
        closing = TreeHead(size, await tree.root(self.store, HOME, size))
        return await self.sealer.turn(closing, NEXT, NoteKey(str(NEXT)))

    async def submit(self, *some: StatementRow) -> list:
        """Outcomes in order, errors in their places; a repeat of what is logged goes in as intake sees it."""

        known = [await self.store.statement(row.id) for row in some]
        given = [
            Given(row, place=found[0] if found else None)
            for row, found in zip(some, known, strict=True)
        ]
        return await asyncio.gather(*map(self.sealer.submit, given), return_exceptions=True)

    async def until(self, holds, seconds: float = 20) -> None:
        async with asyncio.timeout(seconds):
            while not holds():
                await asyncio.sleep(0.005)

    async def ended(self, seconds: float = 20) -> BaseException:
        """What the node's process ends with."""
        async with asyncio.timeout(seconds):
            await asyncio.wait({self.tasks.failed})
        error = self.tasks.failed.exception()
        assert error is not None
        return error

    async def stop(self) -> None:
        await self.tasks.stop()
        with suppress(LedgerError):
            await self.store.close()
        self.lock.close()


async def log_alone(home: HomeNode, given: list[StatementRow]) -> None:
    """Let a home node log without other holders, as all did before there were any."""
    sealer = Sealer(
        origin=HOME,
        store=home.store,
        head_lock=home.lock,
        signer=NoteKey(str(HOME)),
        clock=home.clock,
        tasks=QuickTasks(),
    )
    await sealer.resume()
    running = asyncio.create_task(sealer.run())
    await asyncio.gather(*(sealer.submit(Given(row)) for row in given))
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


class Town:
    """Folders, clock and mirrors; homes are opened on folders as processes are."""

    def __init__(self, folder: Path, stack: AsyncExitStack) -> None:
        self.folder, self._stack = folder, stack
        self.clock = HandClock()
        self.mirrors: dict[str, MirrorNode] = {}
        self._starts = count(1)

    async def open_mirror(self, region: str) -> MirrorNode:
        folder = self.folder / region
        folder.mkdir(exist_ok=True)
        store = await SqliteStore.open(folder / "db")
        lock = FileHeadLock.open(folder / "lock")
        self._stack.push_async_callback(store.close)
        self._stack.callback(lock.close)
        self.mirrors[region] = MirrorNode(region, store, lock, self.clock)
        return self.mirrors[region]

    def open_next(self) -> None:
        """Let the mirrors hold the home node's next log, too."""
        for mirror in self.mirrors.values():
            mirror.logs.update(own_policies())
            mirror.restart()

    async def home(self, name: str = "home", **holders) -> HomeNode:
        """Open a home node on a folder; not started yet."""
        folder = self.folder / name
        folder.mkdir(exist_ok=True)
        store = await SqliteStore.open(folder / "db")
        lock = FileHeadLock.open(folder / "lock")
        seed = f"{name} {next(self._starts)}"
        mirrors = [self.mirrors[one] for one in MIRRORS]
        node = HomeNode(folder, store, lock, self.clock, mirrors, seed, **holders)
        self._stack.push_async_callback(node.stop)
        return node

    async def led(self, name: str = "home", **holders) -> HomeNode:
        """A home node that leads."""
        node = await self.home(name, **holders)
        assert (await node.start()).leading
        return node

    def forget(self, region: str) -> None:
        """Lose the lock folder of a mirror, and start it again."""
        for path in (self.folder / region / "lock").iterdir():
            path.unlink()
        self.mirrors[region].restart()

    def clone(self, source: str, target: str) -> None:
        """Copy database and lock folder of a node, running or not, as a disk image would."""
        shutil.copytree(self.folder / source, self.folder / target)


@asynccontextmanager
async def town_in(folder: Path):
    async with AsyncExitStack() as stack:
        made = Town(folder, stack)
        for region in MIRRORS:
            await made.open_mirror(region)
        try:
            yield made
        finally:
            failpoints.listen(None)
