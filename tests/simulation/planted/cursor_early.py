"""Planted: the cursor over the chain's events moves before they are kept."""

from ledger.mirroring.events import Cursor, EventReader

BREAKS = "settled"
KINDS = ("crash_in_commit",)
SEED = 12
SECONDS = 100


def plant(patch) -> None:
    async def read(self, chain, final, logs):
        known = {origin.log_id for origin in logs}
        wanted = frozenset(map(str, logs))
        cursor = await self._cursor()
        start = chain.deploy_block_number if cursor is None else cursor.number + 1
        if start <= final.number:
            events = await self._chain.anchors(start, final.number)
            top = (final.number, final.hash.hex())
            read = Cursor(chain.deploy_block_hash.hex(), final.number, top, wanted, None, None)
            await self._keep(read)
            yield [event for event in events if event.log_id in known]

    patch.setattr(EventReader, "read", read)
