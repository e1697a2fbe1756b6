"""One region that anchors, and follows the chain's events, by what nodes of several authorities tell."""

import asyncio
import itertools
from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

from ledger.anchoring import Anchorer
from ledger.chain.agreedchain import AgreedChain
from ledger.chain.panel import ChainNode
from ledger.chain.rpc import Rpc
from ledger.chain.standing import KeptStanding
from ledger.errors import UnavailableError
from ledger.mirroring.events import EventReader
from ledger.node.world import AsyncioTasks, SystemClock
from ledger.ports import AnchorRow
from ledger.store import SqliteStore
from tests.engines.ground import Ground
from tests.engines.liar import Liar
from tests.engines.lies import Places
from tests.engines.truth import Anchored, Told, Truth, anchored
from tests.engines.world import World, key, opened
from tests.unit.anchoring.support import MemoryLock, grow

NAMES = ("own", "customs", "port", "bank")
PATIENT, HASTY = 15.0, 1.0
"""Seconds that a node has to answer: as a node's settings have it, and where a test has to wait so long."""
_SLOW = {"late", "stalled", "trickling"}
_LOOK = 0.05


def patience(name: str) -> float:
    """How long a node has to answer where one tells that lie, so that no test waits long."""
    return HASTY if name in _SLOW else PATIENT


class Watched:
    """ports.Chain that keeps what it was told, for the oracle, and how often it was told nothing."""

    def __init__(self, chain: AgreedChain, told: list[Told], troubles: Counter[str]) -> None:
        self._chain, self._told, self._troubles = chain, told, troubles

    async def identity(self):
        return await self._keep("identity", self._chain.identity)

    async def final_block(self):
        return await self._keep("final", self._chain.final_block)

    async def block(self, number):
        return await self._keep("block", self._chain.block, number)

    async def head(self, log_id):
        return await self._keep("head", self._chain.head, log_id)

    async def nonce(self):
        return await self._keep("nonce", self._chain.nonce)

    async def receipt(self, transaction):
        return await self._keep("receipt", self._chain.receipt, transaction)

    async def anchors(self, first, last):
        return await self._keep("anchors", self._chain.anchors, first, last)

    def __getattr__(self, name: str):
        """What tells nothing of the chain."""
        return getattr(self._chain, name)

    async def _keep(self, fact, ask, *asked):
        try:
            said = await ask(*asked)
        except UnavailableError as error:
            self._troubles[error.code] += 1
            raise
        self._told.append(Told(fact, asked, said))
        return said


class Hasty(AsyncioTasks):
    """Sleeps as little as it can, so that a worker that has slowed down is soon there again."""

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(min(seconds, _LOOK))


class Region:
    """The region of a log: its store, its workers, and the nodes that it asks.

    Attributes:
        nodes: one of each authority, the region's own first.
        told: every fact that reached the workers.
        troubles: how often a fact could not be had, by code.
        followed: the events that followers were given.
    """

    def __init__(
        self,
        world: World,
        places: Places,
        nodes: Sequence[Liar],
        store: SqliteStore,
        timeout: float,
    ) -> None:
        self.world, self.places, self.nodes, self.store = world, places, nodes, store
        self.truth = Truth(nodes[0].truth, places.ledger)
        self._timeout = timeout
        self.told: list[Told] = []
        self.troubles: Counter[str] = Counter()
        self.followed: set[Anchored] = set()
        self._lock = MemoryLock()
        self._tasks: list[asyncio.Task[None]] = []

    @property
    def sizes(self) -> list[int]:
        """Sizes that followers were told of."""
        return sorted(event.size for event in self.followed)

    def start(self) -> None:
        """Begin as a process does: nothing is known but what the store holds."""
        world, clock = self.world, SystemClock()
        self.standing = KeptStanding([it.authority for it in self.nodes], self.store, clock)
        self.chain = AgreedChain(
            [ChainNode(it.authority, Rpc(it.url, self._timeout)) for it in self.nodes],
            world.deployment.chain,
            key("anchor"),
            standing=self.standing,
            fees=world.fees,
        )
        self._watched = Watched(self.chain, self.told, self.troubles)
        self.anchorer = Anchorer(
            origin=world.origin,
            store=self.store,
            chain=self._watched,
            head_lock=self._lock,
            identity=world.deployment.chain,
            clock=clock,
            tasks=Hasty(),
            pace=_LOOK,
        )
        work = (self.anchorer.run(), self._follow())
        self._tasks = [asyncio.create_task(each) for each in work]

    async def stop(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self.chain.close()

    async def grow(self, count: int) -> None:
        await grow(self.store, self.world.origin, count, self._lock)

    def is_anchored(self) -> bool:
        """Whether the true chain holds all that is signed, and followers were told of all that it holds."""
        events = self.truth.events()
        signed = self._lock.heads[self.world.origin].size
        return bool(events) and events[-1].size == signed and self.followed == {*events}

    async def aside(self) -> set[str]:
        return {*await self.standing.aside()}

    async def holds(self, what: Callable[[], bool], seconds: float = 60) -> bool:
        """Whether it comes true in time; raises what a worker ended with."""
        end = asyncio.get_running_loop().time() + seconds
        while not (found := what()) and asyncio.get_running_loop().time() < end:
            for task in self._tasks:
                if task.done():
                    task.result()
            await asyncio.sleep(_LOOK)
        return found

    async def anchored(self) -> list[str]:
        """Wait until everything is anchored; what is wrong where it never is."""
        if await self.holds(self.is_anchored):
            return []
        seen = f"{self.chain.states}; {dict(self.troubles)}; {self.anchorer.status}"
        return [f"anchored: told of {self.sizes} of {len(self.truth.events())}; {seen}"]

    async def judge(self, liars: set[str]) -> list[str]:
        """All that the oracle finds; ``liars`` are those who contradicted the others."""
        known = self.world.deployment.chain
        # The node that the oracle reads may be a block behind those that told.
        newest = max(Truth(url, "").height() for url in {node.truth for node in self.nodes})
        assert await self.holds(lambda: self.truth.height() >= newest)
        found = self.truth.judge(self.told, self.chain.sender, known)
        for nonce in {nonce for node in self.nodes for nonce in node.sent}:
            sent = {raw for node in self.nodes for raw in node.sent.get(nonce, ())}
            found += [f"double: nonce {nonce}"] if len(sent) > 1 else []
        return found + [f"aside: {name}" for name in sorted(await self.aside() - liars)]

    async def _follow(self) -> None:
        """The follower's way to read the chain: only by its events, from a cursor that never goes back."""
        reader, known = EventReader(self.store, self._watched), self.world.deployment.chain
        while True:
            try:
                assert await self._watched.identity() == known
                final = await self._watched.final_block()
                async for events in reader.read(known, final, [self.world.origin]):
                    for event in events:
                        self.followed.add(anchored(event))
                        await self.store.put_anchor(AnchorRow(self.world.origin, event))
            except UnavailableError:
                # Watched has counted it.
                pass
            await asyncio.sleep(_LOOK)


@asynccontextmanager
async def region(
    ground: Ground, folder: Path, nodes: int, timeout: float = PATIENT
) -> AsyncIterator[Region]:
    """A region that has anchored a first head while all its nodes were honest."""
    async with AsyncExitStack() as stack:
        world = await stack.enter_async_context(opened(ground.engine))
        places = await ground.begin(world)
        # A chain of one node is asked by all.
        urls = itertools.cycle(ground.engine.urls)
        liars = [Liar(name, url) for name, url in zip(NAMES[:nodes], urls, strict=False)]
        for liar in liars:
            await stack.enter_async_context(liar)
        store = await SqliteStore.open(folder / "ledger.db")
        stack.push_async_callback(store.close)
        made = Region(world, places, liars, store, timeout)
        await made.grow(3)
        made.start()
        stack.push_async_callback(made.stop)
        begun = await made.anchored()
        assert not begun, begun
        yield made
