"""Reading anchor events by integer block ranges, from a stored cursor, without trusting it."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Collection
from dataclasses import dataclass

from ledger.failpoints import reach
from ledger.mirroring.kept import read_count, read_kept
from ledger.ports import Block, Chain, Store
from ledger.values import AnchorFacts, ChainIdentity, Origin

_NAME = "anchor-cursor"
_OVERLAP = 8
_RANGE = 1000


@dataclass(frozen=True, slots=True)
class Cursor:
    """How far events of which chain were read, for which logs, and where the last event stood.

    ``chain`` is the deploy block's hash; ``hash`` is '' where a range ended before the final block; ``last``
    is (block, block hash, log index).
    """

    chain: str
    number: int
    hash: str
    logs: frozenset[str]
    last: tuple[int, str, int] | None


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
        chain, deployed = known.deploy_block_hash.hex(), known.deploy_block_number
        wanted = frozenset(map(str, logs))
        cursor = await self._cursor()
        if cursor is not None and cursor.chain != chain:
            # The network moved: this chain has events below the block that the one before had come to.
            cursor = None
        if cursor is not None and (cursor.number, cursor.hash, cursor.logs) == (
            final.number,
            final.hash.hex(),
            wanted,
        ):
            return
        start = deployed
        if cursor is not None and await self._holds(cursor, final, wanted):
            start = max(deployed, cursor.number + 1 - _OVERLAP)
        ids = {origin.log_id for origin in logs}
        last = cursor.last if cursor is not None and start > deployed else None
        while start <= final.number:
            end = min(start + _RANGE - 1, final.number)
            events = await self._chain.anchors(start, end)
            yield [event for event in events if event.log_id in ids]
            reach("follow.seen")
            if events:
                newest = events[-1]
                last = (newest.block_number, newest.block_hash.hex(), newest.log_index)
            # Moved only after the events are kept: a crash before this line reads them again.
            reached = final.hash.hex() if end == final.number else ""
            await self._keep(Cursor(chain, end, reached, wanted, last))
            reach("follow.moved")
            start = end + 1

    async def _holds(self, cursor: Cursor, final: Block, wanted: frozenset[str]) -> bool:
        """Whether the chain still shows what the cursor saw and no log was added since."""
        if not wanted <= cursor.logs or cursor.number > final.number:
            return False
        if cursor.number == final.number and cursor.hash not in ("", final.hash.hex()):
            return False
        if cursor.last is None:
            return True
        # A chain that was rolled back and grew past the cursor gives itself away here.
        number, block_hash, log_index = cursor.last
        events = await self._chain.anchors(number, number)
        return any(e.block_hash.hex() == block_hash and e.log_index == log_index for e in events)

    async def _cursor(self) -> Cursor | None:
        """The cursor as kept; None where it was altered, or names no chain: then everything is read again."""
        value = read_kept(await self._store.get_meta(_NAME))
        try:
            last = value["last"]
            return Cursor(
                str(value["chain"]),
                read_count(value["number"]),
                str(value["hash"]),
                frozenset(map(str, value["logs"])),
                None if last is None else (read_count(last[0]), str(last[1]), read_count(last[2])),
            )
        except (TypeError, LookupError):
            return None

    async def _keep(self, cursor: Cursor) -> None:
        value = {
            "chain": cursor.chain,
            "number": cursor.number,
            "hash": cursor.hash,
            "logs": sorted(cursor.logs),
            "last": cursor.last,
        }
        await self._store.put_meta(_NAME, json.dumps(value))
