"""Planted: what was sent once is never sent again, also not by the process that comes after."""

from ledger.anchoring.outbox import Outbox

BREAKS, LIE, NODES, LIARS = "anchored", "swallowed", 3, 3


class _Mute:
    """A chain that is only looked at."""

    def __init__(self, chain) -> None:
        self._chain = chain

    def __getattr__(self, name):
        return getattr(self._chain, name)

    async def send(self, raw) -> None:
        pass


def plant(patch) -> None:
    settle = Outbox.settle

    async def _settle(self, *facts):
        chain, self._chain = self._chain, _Mute(self._chain)
        try:
            return await settle(self, *facts)
        finally:
            self._chain = chain

    patch.setattr(Outbox, "settle", _settle)
