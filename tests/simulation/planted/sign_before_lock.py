"""Planted: the head is signed, and authors are answered, before the lock has moved."""

from ledger.sealing import sealer
from ledger.sealing.receipts import sign_head

BREAKS = "promised"
KINDS = ()
SEED = 3
SECONDS = 20


async def _seal(self, group) -> None:
    if not group:
        return
    self._check_taking()
    candidates = [waiter.candidate for waiter in group]
    grown = await sealer.grow(
        self._store, self._origin, await self._take_frontier(), candidates, self._clock.now()
    )
    self._signed = sign_head(self._origin, grown.head, self._signer)
    for waiter, outcome in zip(group, grown.outcomes, strict=True):
        self._answer(waiter, outcome, grown)
    self._on_sealed([one.row for one in grown.outcomes if isinstance(one, sealer.Placed)])
    await self._promise(grown)


def plant(patch) -> None:
    patch.setattr(sealer.Sealer, "_seal", _seal)
