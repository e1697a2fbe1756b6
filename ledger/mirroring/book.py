"""Changing what is known of an anchored head, one change at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace

from ledger.merkle.note import VerifierKey
from ledger.ports import AnchorRow, Store
from ledger.values import AnchorFacts, Origin
from ledger.verify.logpolicy import LogPolicy, region_of_witness


@dataclass(frozen=True, slots=True)
class LogWitness:
    """A region whose cosignatures count for a log."""

    key: VerifierKey
    region: str

    @property
    def name(self) -> str:
        """C2SP key name."""
        return self.key.name


class AnchorBook:
    """The one writer of anchor rows in a process.

    Follower and witness both add to the same row; each reading it, changing it and writing it back by
    itself would lose what the other wrote in between.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._lock = asyncio.Lock()
        self._newest: dict[Origin, int] = {}

    async def newest(self, origin: Origin) -> int:
        """The largest anchored size, 0 if there is none; remembered, so that idle looks cost nothing."""
        known = self._newest.get(origin)
        if known is None:
            row = await self._store.newest_anchor(origin)
            known = 0 if row is None else row.facts.head.size
            self._newest[origin] = max(known, self._newest.get(origin, 0))
        return self._newest[origin]

    async def see(self, origin: Origin, facts: AnchorFacts) -> AnchorRow:
        """Note an anchor event that is final; what was collected for its head before stays.

        An event of another root at a known size changes nothing: the row as it was is the answer, and
        whoever compares roots sees that they differ.
        """
        async with self._lock:
            row = await self._store.anchor(origin, facts.head.size)
            if row is None:
                row = AnchorRow(origin, facts)
            elif row.facts == facts or row.facts.head != facts.head:
                return row
            else:
                # The chain was rolled back and has the same head again, in another block.
                row = replace(row, facts=facts)
            await self._store.put_anchor(row)
            if origin in self._newest:
                self._newest[origin] = max(self._newest[origin], facts.head.size)
            return row

    async def add_checkpoint(self, log: LogPolicy, size: int, note: str) -> None:
        """Add the log's signed checkpoint, checked by the caller."""
        await self._amend(log, size, lambda row: replace(row, checkpoint=note))

    async def add_cosignature(self, log: LogPolicy, size: int, name: str, line: str) -> None:
        """Add a witness's line, checked by the caller; the first one of a witness stays."""
        await self._amend(
            log, size, lambda row: replace(row, cosignatures={name: line, **row.cosignatures})
        )

    async def _amend(
        self, log: LogPolicy, size: int, change: Callable[[AnchorRow], AnchorRow]
    ) -> None:
        async with self._lock:
            row = await self._store.anchor(log.origin, size)
            if row is not None:
                changed = change(row)
                await self._store.put_anchor(replace(changed, quorate=has_quorum(log, changed)))


def has_quorum(log: LogPolicy, row: AnchorRow) -> bool:
    """Whether enough of the OTHER regions' witnesses stand under the log's checkpoint."""
    names = {witness.name for witness in other_witnesses(log)}
    return row.checkpoint is not None and len(names & row.cosignatures.keys()) >= log.quorum


def other_witnesses(log: LogPolicy) -> list[LogWitness]:
    """Witness keys of the log with their regions; a region never counts as its own witness."""
    found = []
    for key in log.witnesses:
        region = region_of_witness(log.origin.network, key.name)
        if region is not None and region != log.origin.region:
            found.append(LogWitness(key, region))
    return found
