"""Planted: a client that hangs up cancels the commit of its whole group."""

import asyncio

from ledger.sealing import sealer

BREAKS = "disturbed"
KINDS = ()
SEED = 11
SECONDS = 20


def plant(patch) -> None:
    submit, seal = sealer.Sealer.submit, sealer.Sealer._seal
    running = {}

    async def _seal(self, group):
        running[self] = task = asyncio.ensure_future(seal(self, group))
        try:
            await task
        except asyncio.CancelledError:
            if not task.cancelled():
                raise

    async def cancelling(self, candidate):
        try:
            return await submit(self, candidate)
        except asyncio.CancelledError:
            if self in running:
                running[self].cancel()
            raise

    patch.setattr(sealer.Sealer, "_seal", _seal)
    patch.setattr(sealer.Sealer, "submit", cancelling)
