"""Planted: the head lock moves in memory only, so it stops no one who comes with an old database."""

from ledger.ports import HeadState
from tests.simulation.headlock import ModelHeadLock

BREAKS = "promised"
KINDS = ("old_copy",)
SEED = 3
SECONDS = 100


def plant(patch) -> None:
    read, write = ModelHeadLock._read, ModelHeadLock._write

    def _read(self, origin):
        moved = self.__dict__.setdefault("moved", {})
        return moved.get(str(origin)) or read(self, origin)

    async def _write(self, name, says):
        self.__dict__.setdefault("moved", {})[name] = HeadState(says)
        if getattr(says, "size", 0) == 0:
            await write(self, name, says)

    patch.setattr(ModelHeadLock, "_read", _read)
    patch.setattr(ModelHeadLock, "_write", _write)
