"""One region's log, and the worker that anchors it."""

from contextlib import asynccontextmanager
from pathlib import Path

from ledger import tree
from ledger.anchoring import Anchorer, Outcome
from ledger.node.world import AsyncioTasks, SystemClock
from ledger.ports import AnchorRow, Chain, OutboxRow
from ledger.store import SqliteStore
from ledger.values import AnchorFacts, TreeHead
from tests.engines.waiting import said, until
from tests.engines.world import World
from tests.unit.anchoring.support import MemoryLock, grow


class Worker:
    """``lock`` is the region's head lock, which outlives a database; the world asks by a chain of its own."""

    def __init__(self, world: World, store: SqliteStore, lock: MemoryLock) -> None:
        self.world, self.store, self.lock = world, store, lock
        self.chain: Chain = world.chain()
        self.anchorer = self.fresh()

    def fresh(self) -> Anchorer:
        """Another process of the same region: it knows what the store holds, and nothing else."""
        return Anchorer(
            origin=self.world.origin,
            store=self.store,
            chain=self.chain,
            head_lock=self.lock,
            identity=self.world.deployment.chain,
            clock=SystemClock(),
            tasks=AsyncioTasks(),
        )

    def twin(self, chain: Chain) -> "Worker":
        """A worker of another process of the region, with the same database and another node."""
        twin = Worker(self.world, self.store, self.lock)
        twin.chain = chain
        twin.anchorer = twin.fresh()
        return twin

    async def sign(self, head: TreeHead, nonce: int) -> OutboxRow:
        """An anchor of that head after the chain's, signed and neither stored nor sent."""
        before = (await self.chain.head(self.world.log)).head.size
        proof = await tree.consistency(self.store, self.world.origin, before, head.size)
        signed = self.chain.sign_anchor(nonce, self.world.log, head, proof)
        return OutboxRow(self.world.origin, head, self.chain.sender, nonce, signed.raw, signed.hash)

    async def add(self, count: int) -> TreeHead:
        """Add leaves and anchor nothing."""
        return await grow(self.store, self.world.origin, count, self.lock)

    async def grow(self, count: int, bears: str = "") -> None:
        """Add leaves and anchor until nothing waits."""
        await self.add(count)
        await self.settle(bears)

    async def settle(self, bears: str = "") -> None:
        """Step until nothing waits; ``bears`` is the code of what the chain may say meanwhile."""

        async def idle() -> bool:
            outcome = await said(self.anchorer.step())
            assert isinstance(outcome, Outcome) or outcome == bears, outcome
            return outcome is Outcome.IDLE

        await until(idle, "the worker is idle")

    async def keep(self, events: list[AnchorFacts]) -> None:
        """Keep events as the follower does."""
        for event in events:
            await self.store.put_anchor(AnchorRow(self.world.origin, event))

    async def events(self) -> list[AnchorFacts]:
        return await self.world.events()

    async def sizes(self) -> list[int]:
        return [event.head.size for event in await self.events()]

    async def hashes(self) -> list[bytes]:
        """What the outbox holds."""
        return [row.hash for row in await self.store.outbox(self.chain.sender)]


@asynccontextmanager
async def working(world: World, path: Path, lock: MemoryLock | None = None):
    """A worker whose database is at that path, made where there is none."""
    path.parent.mkdir(exist_ok=True)
    store = await SqliteStore.open(path)
    try:
        yield Worker(world, store, lock or MemoryLock())
    finally:
        await store.close()
