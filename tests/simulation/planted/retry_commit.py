"""Planted: a commit that failed is tried again, and succeeds for pages that the kernel has dropped."""

import asyncio

from ledger.errors import FatalError
from tests.simulation.store import ModelStore

BREAKS = "promised"
KINDS = ("store_fails", "power_loss")
SEED = 35
SECONDS = 100


def plant(patch) -> None:
    commit = ModelStore._commit

    async def _commit(self, draft) -> None:
        try:
            await commit(self, draft)
        except FatalError:
            await asyncio.sleep(0.05)
            self._disk.sync()

    patch.setattr(ModelStore, "_commit", _commit)
