"""Which ids are stored, asked for many posts at once."""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from dataclasses import dataclass, field

from ledger.ports import Store
from ledger.values import StatementId


@dataclass(slots=True)
class _Round:
    ids: set[StatementId] = field(default_factory=set)
    known: set[StatementId] | None = None


class KnownIds:
    """Lets posts that arrive while a query is under way share the next one.

    A query costs more than checking a signature, so one for each post would be the dearest check of all.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._turn = asyncio.Lock()
        self._gathering = _Round()

    async def among(self, ids: Collection[StatementId]) -> set[StatementId]:
        """Which of these are stored; raises UnavailableError(store_unavailable)."""
        if not ids:
            return set()
        mine = self._gathering
        mine.ids.update(ids)
        async with self._turn:
            # Whoever of a round comes first asks for all; if it goes away meanwhile, the next one does.
            if mine.known is None:
                if self._gathering is mine:
                    self._gathering = _Round()
                mine.known = await self._store.known(list(mine.ids))
        return mine.known.intersection(ids)
