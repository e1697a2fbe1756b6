"""Planted: the anchor worker does not look which chain it talks to."""

from ledger.anchoring import anchorer

BREAKS = "identity"
KINDS = ("other_chain",)
SEED = 3
SECONDS = 100


def plant(patch) -> None:
    step = anchorer.Anchorer.step

    async def trusting(self):
        self._identity = await self._chain.identity()
        return await step(self)

    patch.setattr(anchorer.Anchorer, "step", trusting)
