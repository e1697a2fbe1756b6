"""Planted: a mirror that is handed leaves remembers their head in memory only, not in its lock."""

from ledger.mirroring.keeper import Keeper
from ledger.ports import HeadState

BREAKS = "promised"
KINDS = ()
SEED = 7
SECONDS = 20


class _Forgetful:
    """A head lock whose heads end with the process."""

    def __init__(self, lock) -> None:
        self._lock = lock
        self._heads = {}

    def __getattr__(self, name):
        return getattr(self._lock, name)

    async def read(self, origin):
        return self._heads.get(origin) or await self._lock.read(origin)

    async def swap(self, origin, _old, new) -> None:
        self._heads[origin] = HeadState(new)


def plant(patch) -> None:
    made = Keeper.__init__

    def make(self, **parts) -> None:
        made(self, **parts | {"head_lock": _Forgetful(parts["head_lock"])})

    patch.setattr(Keeper, "__init__", make)
