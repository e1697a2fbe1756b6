"""A clock turned by hand, a log that grows without real statements, and a head lock in memory."""

from __future__ import annotations

import hashlib
from contextlib import asynccontextmanager

from ledger import tree
from ledger.merkle.hashing import leaf_hash
from ledger.merkle.leaf import Leaf, encode_leaf
from ledger.ports import Append, HeadState, LeafRow, RecordKey, StatementRow, TileRow
from ledger.values import Millis, Origin, StatementId, TreeHead

NETWORK = "demo-1a2b3c4d"
BEIJING = Origin(NETWORK, "beijing", 1)


class HandClock:
    def __init__(self, now: int = 1_772_409_600_000) -> None:
        self.millis = now

    def now(self) -> Millis:
        return Millis(self.millis)

    def monotonic(self) -> float:
        return self.millis / 1000

    def turn(self, seconds: float) -> None:
        self.millis += int(seconds * 1000)


class StopTasks:
    """ports.Tasks whose sleep turns the clock; ends a run loop after that many sleeps."""

    class OverError(Exception):
        pass

    def __init__(self, clock: HandClock, sleeps: int) -> None:
        self.clock = clock
        self.left = sleeps
        self.slept: list[float] = []

    def spawn(self, name, work) -> None:
        raise AssertionError("not used")

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.clock.turn(seconds)
        self.left -= 1
        if self.left <= 0:
            raise StopTasks.OverError

    @asynccontextmanager
    async def timeout(self, seconds: float):
        yield


class MemoryLock:
    def __init__(self) -> None:
        self.heads: dict[Origin, TreeHead] = {}

    async def read(self, origin: Origin) -> HeadState:
        return HeadState(self.heads.get(origin))

    async def swap(self, origin, old, new) -> None:
        self.heads[origin] = new

    async def adopt(self, origin, head) -> None:
        self.heads[origin] = head


async def grow(
    store, origin: Origin, count: int, lock: MemoryLock | None = None, salt=""
) -> TreeHead:
    """Append leaves that name made-up statements, and move the lock as a sealer would."""
    edge = await tree.load_frontier(store, origin)
    start = edge.size
    rows, leaves, tiles = [], [], []
    for index in range(start, start + count):
        signed = f"h.{origin}-{index}-{salt}.s".encode()
        name = StatementId(hashlib.sha256(signed.rpartition(b".")[0]).digest())
        digest = leaf_hash(encode_leaf(Leaf(name, 1_772_409_600_000 + index, -1)))
        rows.append(
            StatementRow(
                name,
                signed,
                (),
                origin.region,
                RecordKey("", "", name.hex()),
                "",
                1,
                None,
                name.hex(),
                None,
            )
        )
        leaves.append(LeafRow(origin, index, name, Millis(1_772_409_600_000 + index), -1, digest))
        tiles += [TileRow(origin, t.level, t.index, t.root, t.data) for t in edge.append(digest)]
    async with store.transaction() as transaction:
        await transaction.append(
            Append(origin, start, tuple(rows), tuple(leaves), tuple(tiles), True)
        )
    head = TreeHead(edge.size, edge.root())
    if lock is not None:
        lock.heads[origin] = head
    return head
