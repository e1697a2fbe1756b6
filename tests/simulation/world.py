"""One simulated world: three regions, a chain, authors, all of it decided by a seed."""

import asyncio
import gc
import random
import tempfile
from collections.abc import Callable, Coroutine
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ledger import failpoints
from ledger.chain.network import Network as NetworkFile
from ledger.chain.network import write_network
from ledger.values import Origin
from tests.simulation import network
from tests.simulation.authorities import Authorities
from tests.simulation.authors import Authors
from tests.simulation.chain import Chain, Sent
from tests.simulation.chainview import ChainLink
from tests.simulation.checker import Lost
from tests.simulation.clock import START
from tests.simulation.disk import Disk
from tests.simulation.loop import VirtualLoop
from tests.simulation.peers import Network
from tests.simulation.region import Habits, Region
from tests.simulation.statements import REGIONS
from tests.simulation.trace import Trace

# Milliseconds from the look at the chain to the transaction's arrival there.
_ON_ITS_WAY = 300


class World:
    """Everything there is; ``rng`` decides the course, others of the same seed the details."""

    def __init__(self, seed: int, folder: Path, *, keep_trace: bool = False) -> None:
        self.seed = seed
        self.rng = random.Random(f"course {seed}")
        details = random.Random(f"details {seed}")
        mixing = details.choice((0.0, 0.3, 1.0))
        self.loop = VirtualLoop(random.Random(f"order {seed}"), mixing)
        self.trace = Trace(self.loop, keep=keep_trace)
        self.note = self.trace.note
        self.habits = Habits(
            anchor_seconds=details.choice((2.0, 4.0, 6.0)),
            mirror_seconds=details.choice((2.0, 4.0, 6.0)),
            fsync_seconds=details.choice((0.004, 0.02)),
            copies=details.choice((0, 1)),
            confirmations=details.choice((0, 0, 1, 3)),
        )
        # Blocks only when there is something to mine, or at a steady pace, as confirmations need.
        steady = details.choice((0.0, 3.0, 6.0))
        self.block_seconds = (steady or 3.0) if self.habits.confirmations else steady
        self.chain = Chain("chain", network.founded(), self._time)
        self.chain.at_once = self.block_seconds == 0
        self._shown: list[tuple[int, int]] = []
        self.other_chain = Chain("other chain", network.founded(), self._time)
        self.file = folder / "network.json"
        published = network.network_of(self.chain.identity)
        self.authorities = Authorities(self.chain, published, self._publish)
        self._publish(published)
        self.wires = Network(
            answering=lambda name: self.regions[name].answering,
            ask=lambda name, work: self.regions[name].ask(work),
        )
        # What stood on a lost disk alone, by log.
        self.lost: dict[Origin, Lost] = {}
        # What an operator tried in vain.
        self.stuck: list[str] = []
        # When each transaction of the outbox became durable, by (sender, nonce, hash).
        self.stored: dict[tuple[bytes, int, bytes], int] = {}
        self.regions = {name: self._region(name, details) for name in REGIONS}
        self.authors = {
            name: Authors(
                region, random.Random(f"{name} {seed}"), self.note, self.loop, seed % 3 == 0
            )
            for name, region in self.regions.items()
        }
        for name, authors in self.authors.items():
            authors.others = [one for other, one in self.regions.items() if other != name]

    def run(self, course: Callable[["World"], Coroutine[Any, Any, None]]) -> None:
        """Run a course to its end in this world."""
        with _quiet_collector():
            try:
                self.loop.run_until_complete(course(self))
            finally:
                failpoints.listen(None)
                self.loop.end()
                for region in self.regions.values():
                    for process in region.processes:
                        process.dispose()
                self.loop.close()

    def change_disk(self, region: Region, disk: Disk) -> None:
        """Put another disk into a machine that is down.

        Of transactions that only the old one knew the region knows nothing now: it may use their nonces.
        """
        known = disk.tables.get("outbox", {})
        for sender, nonce, hash_ in region.disk.tables.get("outbox", {}):
            if (sender, nonce, hash_) not in known:
                self.chain.dropped.setdefault((sender, nonce), []).append(hash_)
        region.disk = disk

    async def mine(self) -> None:
        """Make blocks at a steady pace, for ever."""
        while self.block_seconds:
            await asyncio.sleep(self.block_seconds)
            self.chain.mine_pool(empty=True)

    def seen(self) -> list[tuple[int, Sent]]:
        """Every transaction that reached a chain, with its number in the trace."""
        return [*self.chain.seen, *self.other_chain.seen]

    def deaths(self) -> list[str]:
        """Processes that ended by themselves though no disk had failed under them."""
        ended = [one for region in self.regions.values() for one in region.ended]
        return [
            f"{one.region} ended by itself: {one.error!r}"
            for one in ended
            if getattr(one.error, "code", "") != "store_failed"
        ]

    def _publish(self, published: NetworkFile) -> None:
        write_network(self.file, published)

    def other_chain_shown(self, links: int) -> None:
        """So many links begin to show another chain."""
        self._shown.append((self._time(), links))

    def strayed(self) -> int:
        """How many transactions another chain got, but those already on their way when it was shown.

        Which chain it is is asked before each: one that was asked about just before cannot be called back.
        """
        left = list(self.other_chain.seen_at)
        for shown, links in self._shown:
            crossed = [one for one in left if 0 <= one - shown <= _ON_ITS_WAY][:links]
            left = [one for one in left if one not in crossed]
        return len(left)

    def _time(self) -> int:
        return START + round(self.loop.time() * 1000)

    def _region(self, name: str, details: random.Random) -> Region:
        return Region(
            name=name,
            account=network.ACCOUNTS[name],
            network_file=self.file,
            loop=self.loop,
            link=ChainLink(self.chain),
            network=self.wires,
            rng=random.Random(f"{name} {details.random()}"),
            habits=self.habits,
            note=self.note,
            disk=Disk(self.on_durable),
        )

    def on_durable(self, places) -> None:
        for table, key in places:
            if table == "outbox":
                self.stored.setdefault(key, self.note("outbox", key[2].hex()[:12], key[1]))


@contextmanager
def world(seed: int, **how):
    """A world in a folder of its own."""
    with tempfile.TemporaryDirectory(prefix="jjj-simulation-") as folder:
        yield World(seed, Path(folder), **how)


@contextmanager
def _quiet_collector():
    """No destructor runs at a moment that hangs on how much memory was used before."""
    gc.freeze()
    gc.disable()
    try:
        yield
    finally:
        gc.unfreeze()
        gc.enable()
