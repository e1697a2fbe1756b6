"""Planted: an answer does not wait until a mirror holds what it promises."""

from ledger.mirroring.holders import Holders

BREAKS = "promised"
KINDS = ()
SEED = 4
SECONDS = 20


async def hold(self, origin, head) -> None:
    self._backlog.reach(head.size)
    for copier in self._copiers:
        copier.bring(origin, head)
    self._code = None


def plant(patch) -> None:
    patch.setattr(Holders, "hold", hold)
