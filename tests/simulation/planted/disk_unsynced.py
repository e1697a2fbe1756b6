"""Planted: a commit returns before the disk has it (SQLite's synchronous=NORMAL)."""

import asyncio

from tests.simulation.store import ModelStore

BREAKS = "kept"
KINDS = ("power_loss", "power_loss_everywhere")
SEED = 3
SECONDS = 100


async def _commit(self, draft) -> None:
    self._process.check()
    await asyncio.sleep(self._rng.random() * self._fsync_seconds)
    self._disk.write(draft.writes)


def plant(patch) -> None:
    patch.setattr(ModelStore, "_commit", _commit)
