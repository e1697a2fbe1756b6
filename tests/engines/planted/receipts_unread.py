"""Planted: two receipts are alike where they name the same block; what stands in them is not compared."""

from ledger.chain.agreedevents import AgreedEvents
from ledger.chain.agreement import TWO

BREAKS, LIE, NODES, LIARS = "receipts", "status_0", 4, 1


def _alike(said) -> bool:
    return len({it.block_hash for it in said.values()}) == 1


async def _mined(self, transaction, final):
    said = await self._panel.some(lambda view: view.mined(transaction), _alike)
    return next(iter(said.values())) if len(said) >= TWO else None


def plant(patch) -> None:
    patch.setattr(AgreedEvents, "mined", _mined)
