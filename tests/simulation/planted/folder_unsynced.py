"""Planted: the lock's folder is not synced after the rename, which a power cut then undoes."""

from tests.simulation.headlock import ModelHeadLock

BREAKS = "promised"
KINDS = ()
SEED = 3
SECONDS = 20


async def _sync_folder(self) -> None:
    await self._take_time()


def plant(patch) -> None:
    patch.setattr(ModelHeadLock, "_sync_folder", _sync_folder)
