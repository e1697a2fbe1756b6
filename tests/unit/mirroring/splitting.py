"""A home node and its twin that show two histories of one log, and what the regions then know of it."""

from __future__ import annotations

import json
import logging
import random
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ledger.merkle.checkpoint import open_checkpoint
from ledger.sharing import Right
from ledger.values import TreeHead
from tests.faults.rawlog import leaf_hash, roots
from tests.unit.mirroring.regions import CARRIER, LocalPeer, Region, bill, registration, statement

KINDS = ["bill_of_lading"]
# Virtual seconds; a look of each worker takes one.
EXCHANGE = 60
PEER = Right(peer="anyone")


class SplitError(AssertionError):
    """A split that was believed, or not found out in time."""


def check(holds: object, what: str) -> None:
    if not holds:
        raise SplitError(what)


class Split:
    """The home node and its twin, the region that is shown the one and the region that is shown the other.

    Attributes:
        common: how many leaves both histories begin with.
        found: the regions that hold the contradiction, once one of them does.
    """

    def __init__(
        self, folder: Path, regions: list[Region], twin: Region, dice: random.Random
    ) -> None:
        self.folder, self.regions, self.twin, self.dice = folder, regions, twin, dice
        self.home = next(one for one in regions if one.name == twin.name)
        self.left, self.right = dice.sample([one for one in regions if one is not self.home], 2)
        self.origin = self.home.origin
        self.clock = self.home.clock
        self.common = 0
        self.quiet: set[str] = set()
        self.number = 0

    # --- what goes on

    def bill(self, region: Region) -> str:
        self.number += 1
        return statement(region.name, CARRIER, "bill_of_lading", bill(f"S{self.number}"))

    async def begin(self, *, anchored: bool) -> None:
        """Both histories, as far as they are one."""
        first = [registration(self.home.name, CARRIER, KINDS)]
        first += [self.bill(self.home) for _ in range(self.dice.randint(0, 9))]
        for one in (self.home, self.twin):
            await one.post(*first)
        self.common = len(first)
        if anchored:
            await self.ticks(3)

    async def split(self, *, fewest: int = 1) -> None:
        """From here on the right region is shown the twin."""
        at = self.right.peers.index(next(p for p in self.right.peers if p.region == self.home.name))
        self.right.peers[at] = LocalPeer(self.right, self.twin)
        self.right.start()
        await self.grow(self.home, self.dice.randint(1, 5))
        ours = await self.home.store.size(self.origin) - self.common
        await self.grow(self.twin, max(fewest, ours) + self.dice.randint(0, 3))

    async def grow(self, node: Region, count: int) -> None:
        for _ in range(count):
            await node.post(self.bill(node))

    async def ticks(self, count: int) -> None:
        """Every node that runs takes a step of everything; sometimes one of them is started again."""
        for _ in range(count):
            self.clock.turn(self.dice.choice([1, 1, 5, 12]))
            for region in self.regions:
                if self.dice.random() < 0.1:
                    region.start()
                if region.name not in self.quiet:
                    await region.anchorer.step()
                await region.mirror.step()
                await region.follower.step()
                await region.witness.step()

    async def until_found(self, region: Region, head: TreeHead | None = None) -> None:
        """Go on until that region holds the contradiction: one exchange, and no longer.

        ``head`` is one that the log signed and that has to be part of it.
        """
        end = self.clock.monotonic() + EXCHANGE
        while not await self.holds(region, head):
            check(
                self.clock.monotonic() < end, f"found: {region.name} says nothing for {EXCHANGE} s"
            )
            await self.ticks(1)

    async def holds(self, region: Region, head: TreeHead | None = None) -> bool:
        kept = await self.forks(region)
        return bool(kept) and (head is None or (head.size, head.root) in self.signed_notes(kept))

    # --- what is known of it

    async def forks(self, region: Region) -> list[dict]:
        kept = await region.store.evidence("fork")
        return [json.loads(body) for _, subject, body, _ in kept if subject == str(self.origin)]

    def signed_notes(self, kept: list[dict]) -> set[tuple[int, bytes]]:
        """Heads in the evidence under the log's own signature."""
        key = self.home.logs[self.origin].key
        heads = [
            open_checkpoint(note, key)[0].head for one in kept for note in one.get("notes", [])
        ]
        return {(head.size, head.root) for head in heads}

    async def history(self, node: Region) -> list[bytes]:
        """Roots of a node's log at every size, from its leaf lines."""
        count = await node.store.size(self.origin)
        lines = [one.leaf for one in await node.reader.feed(self.origin, 0, 1000, PEER)]
        check(len(lines) == count, f"lab: {len(lines)} of {count} leaves were fed")
        return roots([leaf_hash(line) for line in lines])


@contextmanager
def listening() -> Iterator[list[str]]:
    """The logs of which any node's own log said that they forked."""
    told: list[str] = []

    class Ear(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            if record.getMessage() == "fork found":
                told.append(record.__dict__["log"])

    ear, logger = Ear(), logging.getLogger("ledger.mirroring")
    logger.addHandler(ear)
    try:
        yield told
    finally:
        logger.removeHandler(ear)
