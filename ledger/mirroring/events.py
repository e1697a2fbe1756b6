"""Reading anchor events by integer block ranges, from a stored cursor, without trusting it."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Collection
from dataclasses import dataclass
from typing import Any

from ledger.failpoints import reach
from ledger.mirroring.kept import read_count, read_kept
from ledger.ports import Block, Chain, Store
from ledger.values import AnchorFacts, ChainIdentity, Origin

_NAME = "anchor-cursor"
_OVERLAP = 8
_RANGE = 1000

Place = tuple[int, str, int]
"""Where an event stands: block, block hash, log index."""


@dataclass(frozen=True, slots=True)
class Cursor:
    """How far events of which chain were read, for which logs.

    Attributes:
        chain: the deploy block's hash.
        number: the block up to which events were read.
        top: number and hash of the block that was final when that reading began.
        logs: origins.
        newest: the last event that was read.
        stood: the last event that had been read when the top of the reading before was found unchanged; no
            event before it is missing, while the chain shows it.
    """

    chain: str
    number: int
    top: tuple[int, str]
    logs: frozenset[str]
    newest: Place | None
    stood: Place | None


class EventReader:
    """Gives every final anchor event of the logs at least once, in order; again after a roll-back."""

    def __init__(self, store: Store, chain: Chain) -> None:
        self._store = store
        self._chain = chain

    async def read(
        self, known: ChainIdentity, final: Block, logs: Collection[Origin]
    ) -> AsyncIterator[list[AnchorFacts]]:
        """Yield events range by range; the cursor moves once the caller comes back for more.

        ``known`` is the chain's identity as deployed: before its deploy block there can be no event.
        """
        chain, top = known.deploy_block_hash.hex(), (final.number, final.hash.hex())
        wanted = frozenset(map(str, logs))
        cursor = await self._cursor()
        if cursor is not None and cursor.chain != chain:
            # The network moved: this chain has events below the block that the one before had come to.
            cursor = None
        if cursor is not None and (cursor.number, cursor.top, cursor.logs) == (
            final.number,
            top,
            wanted,
        ):
            return
        start, stood = await self._begin(known, final, wanted, cursor)
        ids = {origin.log_id for origin in logs}
        newest = stood
        while start <= final.number:
            end = min(start + _RANGE - 1, final.number)
            events = await self._chain.anchors(start, end)
            yield [event for event in events if event.log_id in ids]
            reach("follow.seen")
            if events:
                last = events[-1]
                newest = (last.block_number, last.block_hash.hex(), last.log_index)
            # Moved only after the events are kept: a crash before this line reads them again.
            await self._keep(Cursor(chain, end, top, wanted, newest, stood))
            reach("follow.moved")
            start = end + 1

    async def _begin(
        self, known: ChainIdentity, final: Block, wanted: frozenset[str], cursor: Cursor | None
    ) -> tuple[int, Place | None]:
        """The block to read from, and the event up to which none is missing."""
        deployed = known.deploy_block_number
        if cursor is None or not wanted <= cursor.logs:
            return deployed, None
        if await self._holds(cursor, final):
            return max(deployed, cursor.number + 1 - _OVERLAP), cursor.newest
        # Not from ``newest``: it may have been read on a chain that changed while it was read, so that an
        # earlier event of the same chain was never seen.
        if cursor.stood is not None and await self._stands(cursor.stood, final):
            return max(deployed, cursor.stood[0]), cursor.stood
        return deployed, None

    async def _holds(self, cursor: Cursor, final: Block) -> bool:
        """Whether the chain still is the one that was read.

        Told by a block, not by an event: a chain that was rolled back through blocks without one and grew
        past the cursor still shows every event that was read, and others below the cursor.
        """
        number, block_hash = cursor.top
        if number > final.number:
            return False
        shown = final if number == final.number else await self._chain.block(number)
        return shown.hash.hex() == block_hash

    async def _stands(self, place: Place, final: Block) -> bool:
        number, block_hash, log_index = place
        if number > final.number:
            return False
        events = await self._chain.anchors(number, number)
        return any(e.block_hash.hex() == block_hash and e.log_index == log_index for e in events)

    async def _cursor(self) -> Cursor | None:
        """The cursor as kept; None where it was altered, or is of another form: then all is read again."""
        value = read_kept(await self._store.get_meta(_NAME))
        try:
            return Cursor(
                str(value["chain"]),
                read_count(value["number"]),
                (read_count(value["top"][0]), str(value["top"][1])),
                frozenset(map(str, value["logs"])),
                _place(value["newest"]),
                _place(value["stood"]),
            )
        except (TypeError, LookupError):
            return None

    async def _keep(self, cursor: Cursor) -> None:
        value = {
            "chain": cursor.chain,
            "number": cursor.number,
            "top": cursor.top,
            "logs": sorted(cursor.logs),
            "newest": cursor.newest,
            "stood": cursor.stood,
        }
        await self._store.put_meta(_NAME, json.dumps(value))


def _place(value: Any) -> Place | None:  # noqa: ANN401 - as it was kept
    """Raises TypeError, LookupError where it is none."""
    return None if value is None else (read_count(value[0]), str(value[1]), read_count(value[2]))
