"""Planted: a transaction is sent before it is stored."""

from ledger.anchoring.outbox import Outbox
from ledger.failpoints import reach

BREAKS = "stored"
KINDS = ()
SEED = 3
SECONDS = 20


async def send(self, row) -> bool:
    reach("anchor.signed")
    await self._chain.send(row.raw)
    reach("anchor.sent")
    await self._store.put_outbox(row)
    reach("anchor.stored")
    return await self._chain.receipt(row.hash) is not None


def plant(patch) -> None:
    patch.setattr(Outbox, "send", send)
