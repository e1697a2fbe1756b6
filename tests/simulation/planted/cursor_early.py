"""Planted: the cursor over the chain's events moves before they are kept."""

from ledger.mirroring.events import Cursor, EventReader

BREAKS = "settled"
KINDS = None
SEED = 41
SECONDS = 100


def plant(patch) -> None:
    async def read(self, deployed, final, logs):
        known = {origin.log_id for origin in logs}
        wanted = frozenset(map(str, logs))
        cursor = await self._cursor()
        start = deployed if cursor is None else cursor.number + 1
        if start <= final.number:
            events = await self._chain.anchors(start, final.number)
            await self._keep(Cursor(final.number, final.hash.hex(), wanted, None))
            yield [event for event in events if event.log_id in known]

    patch.setattr(EventReader, "read", read)
