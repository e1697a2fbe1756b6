"""What this node's store holds, for readers: rows that were altered in the database come out tamed.

Whoever changes a row must not be able to stop the node from answering for the others, nor for what is left
of that one. So a column of a wrong type becomes an empty value here, and the verifier says what is missing.
"""

from __future__ import annotations

from collections.abc import Awaitable
from dataclasses import replace
from typing import TypeVar
from unicodedata import is_normalized

from ledger.errors import InputError, UnavailableError
from ledger.ports import AnchorRow, Found, Identifier, LeafRow, StatementRow, Store
from ledger.values import Millis, Origin, StatementId

_T = TypeVar("_T")
# What reading a column of a wrong type ends in.
_ALTERED = (TypeError, ValueError, AttributeError, InputError)


class Holdings:
    """The reads of ports.Store that answers are made of."""

    def __init__(self, store: Store) -> None:
        self.store = store

    async def statement(self, statement: StatementId) -> Found | None:
        """A statement at its newest place.

        Raises:
            UnavailableError: row_unreadable.
        """
        places = await _readable(self.store.statement(statement))
        return tamed(places[0]) if places else None

    async def search(
        self, wanted: Identifier, after: tuple[str, int] | None, limit: int
    ) -> list[Found]:
        """Statements that carry an identifier; raises UnavailableError(row_unreadable)."""
        return [tamed(one) for one in await _readable(self.store.search(wanted, after, limit))]

    async def by_author(
        self, author: str, after: tuple[str, int] | None, limit: int
    ) -> list[Found]:
        """Statements of one author; raises UnavailableError(row_unreadable)."""
        return [tamed(one) for one in await _readable(self.store.by_author(author, after, limit))]

    async def feed(self, origin: Origin, start: int, count: int) -> list[Found]:
        """Leaves with their statements; raises UnavailableError(row_unreadable)."""
        return [tamed(one) for one in await _readable(self.store.found(origin, start, count))]

    async def covering(self, leaf: LeafRow, *, quorate: bool) -> AnchorRow | None:
        """The first anchored head that covers the leaf and whose checkpoint is here."""
        try:
            row = await self.store.anchor_covering(leaf.origin, leaf.index, quorate)
        except _ALTERED:
            # The row was altered into one that no chain can show: as good as absent.
            return None
        # A head without the log's checkpoint proves nothing to anyone (an anchor key may be stolen).
        return None if row is None or not _is_text(row.checkpoint) else _tamed_anchor(row)

    async def anchor(self, origin: Origin, size: int) -> AnchorRow | None:
        """The anchored head of exactly that size, if its row can be read."""
        try:
            row = await self.store.anchor(origin, size)
        except _ALTERED:
            return None
        return None if row is None else _tamed_anchor(row)


class Coverage:
    """Which anchored heads cover which leaves, remembered while one request is answered.

    The first head beyond a leaf is also the first one beyond every leaf between the two, so a page of
    records or a dossier costs a few questions instead of two for each record.
    """

    def __init__(self, holdings: Holdings) -> None:
        self._holdings = holdings
        self._known: dict[tuple[Origin, bool], list[tuple[int, AnchorRow | None]]] = {}

    async def covering(self, leaf: LeafRow, *, quorate: bool) -> AnchorRow | None:
        """As ``Holdings.covering``."""
        known = self._known.setdefault((leaf.origin, quorate), [])
        for start, row in known:
            if start <= leaf.index and (row is None or leaf.index < row.facts.head.size):
                return row
        row = await self._holdings.covering(leaf, quorate=quorate)
        known.append((leaf.index, row))
        return row


async def _readable(asked: Awaitable[_T]) -> _T:
    try:
        return await asked
    except _ALTERED as error:
        raise UnavailableError("row_unreadable", "a row of the database was altered") from error


def tamed(found: Found) -> Found:
    """The same with every column that an answer is made of of its own type."""
    row, leaf = found.statement, found.leaf
    return Found(
        replace(row, signed=_bytes(row.signed), disclosures=_disclosures(row)),
        replace(leaf, received=Millis(_number(leaf.received)), prev_index=_number(leaf.prev_index)),
    )


def _disclosures(row: StatementRow) -> tuple[str, ...]:
    # A disclosure is ASCII: whatever else stands there now, it must come out as something that fits JSON.
    return tuple(one.encode("ascii", "replace").decode() for one in row.disclosures)


def _tamed_anchor(row: AnchorRow) -> AnchorRow:
    lines = {name: line for name, line in row.cosignatures.items() if _is_text(line)}
    checkpoint = row.checkpoint if _is_text(row.checkpoint) else None
    return replace(row, checkpoint=checkpoint, cosignatures=lines)


def _is_text(value: object) -> bool:
    return isinstance(value, str) and is_normalized("NFC", value)


def _bytes(value: object) -> bytes:
    if isinstance(value, str):
        return value.encode("utf-8", "replace")
    return bytes(value) if isinstance(value, bytes | bytearray | memoryview) else b""


def _number(value: object) -> int:
    # A leaf with -2 has no line: it fails its own check instead of passing for another leaf.
    return value if isinstance(value, int) else -2
