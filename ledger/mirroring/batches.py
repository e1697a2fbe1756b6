"""Leaves to hand over, some at a time; what both mirrors want is read and sealed once."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeAlias

from ledger.ports import FedStatement
from ledger.values import Origin

FeedSource: TypeAlias = Callable[[Origin, int, int], Awaitable[list[FedStatement]]]
"""Committed leaves of a log from an index on, at most so many, as a mirror may hold them."""

MOST_LEAVES = 512
"""Most leaves of one hold."""
MOST_BYTES = 4 * 2**20
"""Most bytes of one hold's leaves, unless a single one is larger."""
_BESIDE = 512


class Batches:
    """Cuts a log into what one hold may carry."""

    def __init__(self, source: FeedSource) -> None:
        self._source = source
        self._lock = asyncio.Lock()
        self._made: tuple[tuple[Origin, int, int], tuple[FedStatement, ...]] | None = None

    async def leaves(self, origin: Origin, start: int, end: int) -> tuple[FedStatement, ...]:
        """Leaves from start on, up to end or as far as one hold reaches."""
        wanted = (origin, start, end)
        async with self._lock:
            if self._made is None or self._made[0] != wanted:
                count = min(end - start, MOST_LEAVES)
                fed = await self._source(origin, start, count) if count > 0 else []
                self._made = (wanted, _cut(fed))
            return self._made[1]


def _cut(fed: list[FedStatement]) -> tuple[FedStatement, ...]:
    size = 0
    for at, one in enumerate(fed):
        size += _size(one)
        if size > MOST_BYTES and at:
            return tuple(fed[:at])
    return tuple(fed)


def _size(fed: FedStatement) -> int:
    """About as many bytes as its line has."""
    sealed = 0 if fed.sealed is None else 4 * len(fed.sealed.ciphertext) // 3
    return _BESIDE + len(fed.signed) + sum(len(one) + 3 for one in fed.disclosures) + sealed
