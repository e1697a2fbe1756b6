"""A sealer on a real SQLite file, with a clock turned by hand, a lock in memory and faults on order."""

import asyncio
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from ledger.errors import FatalError
from ledger.keys.demo import demo_log_key
from ledger.merkle.checkpoint import open_checkpoint
from ledger.merkle.hashing import leaf_hash
from ledger.merkle.note import LOG_KEY, VerifierKey
from ledger.merkle.proof import parse_proof
from ledger.merkle.proofs import check_inclusion
from ledger.ports import Found, HeadState, StatementRow
from ledger.sealing import ReceiptOut, Sealer
from ledger.store import SqliteStore
from ledger.values import Millis
from tests.unit.store.made_up import BEIJING

NEXT = BEIJING.next_epoch()


@dataclass
class Given:
    """A candidate as intake would make it."""

    row: StatementRow
    amends_others: bool = False
    place: Found | None = None


class HandClock:
    def __init__(self, now=1_000_000):
        self.time = now

    def now(self):
        return Millis(self.time)

    def monotonic(self):
        return self.time / 1000


class EventTasks:
    """Sleeps by letting others run; nothing is spawned."""

    def spawn(self, name, work):
        raise AssertionError(name)

    async def sleep(self, seconds):
        await asyncio.sleep(0)

    def timeout(self, seconds):
        return asyncio.timeout(seconds)


@dataclass
class MemoryLock:
    """ports.HeadLock; keeps the order of what happens in ``events``."""

    heads: dict = field(default_factory=dict)
    torn: set = field(default_factory=set)
    moved: bool = False
    events: list = field(default_factory=list)
    fail: Exception | None = None

    async def read(self, origin):
        return HeadState(
            None if origin in self.torn else self.heads.get(origin),
            origin in self.torn,
            self.moved,
        )

    async def swap(self, origin, old, new):
        if self.fail is not None:
            raise self.fail
        if origin in self.torn or self.heads.get(origin) != old:
            raise FatalError("head_lock_moved", "not what the lock holds")
        self.heads[origin] = new
        self.events.append(("swap", new.size))

    async def adopt(self, origin, head):
        self.torn.discard(origin)
        self.moved = False
        self.heads[origin] = head


class LoudKey:
    """A log key that says when it signs."""

    def __init__(self, origin, events):
        self._key = demo_log_key(str(origin))
        self._events = events
        self.name = self._key.name
        self.public_key = self._key.public_key

    def sign(self, message):
        self._events.append(("sign", int(message.split(b"\n")[1])))
        return self._key.sign(message)


class FaultyStore:
    """The store, but ``commit_error`` strikes at the end of a transaction, ``append_error`` in it."""

    def __init__(self, store, events):
        self._store = store
        self._events = events
        self.commit_error = None
        self.append_error = None
        self.hold = asyncio.Event()
        self.hold.set()
        self.committing = asyncio.Event()

    def __getattr__(self, name):
        return getattr(self._store, name)

    @asynccontextmanager
    async def transaction(self):
        size = None
        async with self._store.transaction() as transaction:
            append = transaction.append

            async def appended(step):
                nonlocal size
                await append(step)
                size = step.start + len(step.leaves)
                if self.append_error is not None and self.append_error(step):
                    raise self.append_error(step)

            transaction.append = appended
            yield transaction
            if size is not None:
                self.committing.set()
                await self.hold.wait()
                if self.commit_error is not None:
                    raise self.commit_error
        if size is not None:
            self._events.append(("commit", size))


class Node:
    def __init__(self, store, lock, clock, origin=BEIJING, **settings):
        self.lock, self.clock = lock, clock
        self.events = lock.events
        self.store = FaultyStore(store, self.events)
        self.sealed = []
        self.sealer = Sealer(
            origin=origin,
            store=self.store,
            head_lock=lock,
            signer=LoudKey(origin, self.events),
            clock=clock,
            tasks=EventTasks(),
            on_sealed=self.sealed.extend,
            **settings,
        )
        self.running = None

    def start(self):
        self.running = asyncio.create_task(self.sealer.run())

    async def stop(self):
        if self.running is not None:
            self.running.cancel()
            await asyncio.gather(self.running, return_exceptions=True)

    async def submit(self, *rows, **given):
        """Outcomes of rows that are submitted at once, errors in their places."""
        return await asyncio.gather(
            *(self.sealer.submit(Given(row, **given)) for row in rows), return_exceptions=True
        )


@asynccontextmanager
async def node_on(path: Path, lock=None, clock=None, *, resume=True, **settings):
    store = await SqliteStore.open(path)
    node = Node(store, lock or MemoryLock(), clock or HandClock(), **settings)
    try:
        if resume:
            await node.sealer.resume()
            node.start()
        yield node
    finally:
        await node.stop()
        await store.close()


def check_receipt(receipt: ReceiptOut, row: StatementRow) -> int:
    """Check all that a receipt promises; answers the size of its tree."""
    assert receipt.id == row.id
    assert row.id.hex() in receipt.leaf
    proof = parse_proof(receipt.proof)
    assert proof.index == receipt.index
    name = str(receipt.origin)
    key = VerifierKey(name, LOG_KEY, demo_log_key(name).public_key)
    checkpoint, _ = open_checkpoint(proof.checkpoint, key)
    check_inclusion(leaf_hash(receipt.leaf.encode()), receipt.index, checkpoint.head, proof.hashes)
    return checkpoint.head.size
