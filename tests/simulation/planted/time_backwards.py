"""Planted: a leaf is stamped with the clock alone, which may have gone back."""

from ledger.sealing import group

BREAKS = "roots"
KINDS = ("clock_slightly", "clock_far")
SEED = 12
SECONDS = 100


class _Forgetful:
    def __init__(self, transaction) -> None:
        self._transaction = transaction

    def __getattr__(self, name):
        return getattr(self._transaction, name)

    async def last_received(self, _origin):
        return 0


def plant(patch) -> None:
    append = group._append

    async def stamped(transaction, *rest):
        return await append(_Forgetful(transaction), *rest)

    patch.setattr(group, "_append", stamped)
