"""Planted: the author is answered before the statement is durable."""

import asyncio
from contextlib import asynccontextmanager

from ledger.sealing import sealer
from ledger.sealing.receipts import sign_head

_GAP = 0.3


class _Undone:
    """A store whose transactions leave no trace."""

    def __init__(self, store) -> None:
        self._store = store

    @asynccontextmanager
    async def transaction(self):
        try:
            async with self._store.transaction() as transaction:
                yield transaction
                raise _UndoError
        except _UndoError:
            pass


class _UndoError(Exception):
    pass


async def _seal(self, group) -> None:
    if not group:
        return
    self.check_leading()
    now = self._clock.now()
    candidates = [waiter.candidate for waiter in group]
    foreseen = await sealer.grow(
        _Undone(self._store), self._origin, await self._take_frontier(), candidates, now
    )
    self._signed = sign_head(self._origin, foreseen.head, self._signer)
    for waiter, outcome in zip(group, foreseen.outcomes, strict=True):
        self._answer(waiter, outcome, foreseen)
    await asyncio.sleep(_GAP)
    grown = await sealer.grow(
        self._store, self._origin, await self._take_frontier(), candidates, now
    )
    await self._promise(grown)
    self._on_sealed([one.row for one in grown.outcomes if isinstance(one, sealer.Placed)])


def plant() -> None:
    sealer.Sealer._seal = _seal
