"""Reads of the store, each consistent by itself, on connections that cannot write.

Each raises UnavailableError(store_unavailable) where the database cannot be read.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

from sqlalchemy import ColumnElement, Select, select, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from ledger.errors import UnavailableError
from ledger.ports import AnchorRow, Found, Identifier, LeafRow, OutboxRow, RecordKey
from ledger.store import lookups, schema
from ledger.store.faults import FAULTS, named
from ledger.store.rows import LEAF_COLUMNS, read_anchor, read_leaf, read_outbox
from ledger.store.sealed import read_sealed
from ledger.values import Millis, Origin, Sealed, StatementId

_PLACE = (schema.leaf.c.origin, schema.leaf.c.index)


class Reads:
    """The reading half of ports.Store.

    A connection of ``readers`` needs no transaction for a single query to be consistent; one of
    ``snapshots`` begins one, in which all queries see the same state.
    """

    def __init__(self, readers: AsyncEngine, snapshots: AsyncEngine) -> None:
        self._readers = readers
        self._snapshots = snapshots

    async def origins(self) -> list[Origin]:
        """Every log held, own and mirrored."""
        async with self._connected() as connection:
            names = await connection.scalars(select(schema.log.c.origin).order_by("origin"))
            return [Origin.parse(name) for name in names]

    async def size(self, origin: Origin) -> int:
        """Number of leaves held of the log."""
        async with self._connected() as connection:
            return await lookups.size_of(connection, origin)

    async def leaf(self, origin: Origin, index: int) -> LeafRow | None:
        """One leaf."""
        rows = await self.leaves(origin, index, 1)
        return rows[0] if rows else None

    async def leaves(self, origin: Origin, start: int, count: int) -> list[LeafRow]:
        """Leaves in order of index, at most count of them."""
        query: Select[Any] = (
            select(*LEAF_COLUMNS, schema.statement.c.id)
            .join(schema.statement, schema.statement.c.number == schema.leaf.c.statement)
            .where(*_range(schema.leaf.c.index, origin, start, count))
            .order_by(schema.leaf.c.index)
        )
        async with self._connected() as connection:
            return [read_leaf(row, row.id) for row in await connection.execute(query)]

    async def found(self, origin: Origin, start: int, count: int) -> list[Found]:
        """Leaves with their statements, in order of index."""
        conditions = _range(schema.leaf.c.index, origin, start, count)
        return await self._found(lookups.found_where(*conditions).order_by(schema.leaf.c.index))

    async def tile(self, origin: Origin, level: int, index: int) -> bytes | None:
        """A full tile's 8,192 bytes, or None."""
        table = schema.tile.c
        query = select(table.data).where(
            table.origin == str(origin), table.level == level, table.index == index
        )
        async with self._connected() as connection:
            data: bytes | None = await connection.scalar(query)
            return data

    async def tile_roots(self, origin: Origin, level: int, start: int, count: int) -> list[bytes]:
        """Roots of consecutive full tiles of a level: the entries of the level above."""
        table = schema.tile.c
        query = (
            select(table.root)
            .where(
                table.origin == str(origin),
                table.level == level,
                table.index >= start,
                table.index < start + count,
            )
            .order_by(table.index)
        )
        async with self._connected() as connection:
            return list(await connection.scalars(query))

    async def known(self, ids: Sequence[StatementId]) -> set[StatementId]:
        """Which of these statements are stored."""
        async with self._connected() as connection:
            return await lookups.find_known(connection, ids)

    async def statement(self, statement: StatementId) -> list[Found]:
        """A statement at every place where it is logged, newest epoch first; [] if unknown."""
        return await self._found(
            lookups.found_where(schema.statement.c.id == statement).order_by(
                schema.log.c.epoch.desc(), *_PLACE
            )
        )

    async def versions(self, region: str, record: RecordKey) -> list[Found]:
        """All versions of a record, oldest first."""
        table = schema.record_version.c
        numbers = select(table.statement).where(
            table.region == region,
            table.kind == record.kind,
            table.issuer == record.issuer,
            table.key == record.key,
        )
        return await self._found(
            lookups.found_where(
                schema.statement.c.number.in_(numbers),
                schema.log.c.region == region,
                lookups.NEWEST_PLACE,
            ).order_by(schema.statement.c.version)
        )

    async def search(
        self, identifier: Identifier, after: tuple[str, int] | None, limit: int
    ) -> list[Found]:
        """Statements that carry the identifier, ordered by (origin text, leaf index), after that place."""
        if "\0" in identifier.value + identifier.type:
            # No text in PostgreSQL holds it, not even one that is asked for.
            return []
        table = schema.identifier.c
        numbers = select(table.statement).where(table.value == identifier.value)
        if identifier.type:
            numbers = numbers.where(table.type == identifier.type)
        return await self._page(schema.statement.c.number.in_(numbers), after, limit)

    async def by_author(
        self, author: str, after: tuple[str, int] | None, limit: int
    ) -> list[Found]:
        """Statements of one author in the region's own logs and mirrors, ordered as search."""
        return await self._page(schema.statement.c.author == author, after, limit)

    async def anchors(self, origin: Origin, after_size: int, limit: int) -> list[AnchorRow]:
        """Anchored heads in order of size, size > after_size."""
        table = schema.anchor.c
        query = select(schema.anchor).where(table.origin == str(origin), table.size > after_size)
        return await self._anchors(query.order_by(table.size).limit(limit))

    async def anchor(self, origin: Origin, size: int) -> AnchorRow | None:
        """The anchored head of exactly that size."""
        table = schema.anchor.c
        return await self._anchor(
            select(schema.anchor).where(table.origin == str(origin), table.size == size)
        )

    async def anchor_covering(self, origin: Origin, index: int, quorate: bool) -> AnchorRow | None:
        """The smallest anchored head with size > index (and with its quorum, if asked)."""
        table = schema.anchor.c
        query = select(schema.anchor).where(table.origin == str(origin), table.size > index)
        if quorate:
            query = query.where(table.quorate)
        return await self._anchor(query.order_by(table.size).limit(1))

    async def newest_anchor(self, origin: Origin) -> AnchorRow | None:
        """The anchored head of the largest size."""
        table = schema.anchor.c
        query = select(schema.anchor).where(table.origin == str(origin))
        return await self._anchor(query.order_by(table.size.desc()).limit(1))

    async def outbox(self, sender: bytes) -> list[OutboxRow]:
        """The transactions of a sender that are not done, in order of nonce."""
        table = schema.outbox.c
        query = (
            select(schema.outbox)
            .where(table.sender == sender, ~table.done)
            .order_by(table.nonce, table.number)
        )
        async with self._connected() as connection:
            return [read_outbox(row) for row in await connection.execute(query)]

    async def sealed(
        self, origin: Origin, statements: Sequence[StatementId]
    ) -> dict[StatementId, Sealed]:
        """The sealed disclosures that are kept of these statements of a log."""
        async with self._connected() as connection:
            return await read_sealed(connection, origin, statements)

    async def get_meta(self, name: str) -> str | None:
        """A small named value (chain identity, cursors)."""
        async with self._connected() as connection:
            value: str | None = await connection.scalar(
                select(schema.meta.c.value).where(schema.meta.c.name == name)
            )
            return value

    async def evidence(self, kind: str | None = None) -> list[tuple[str, str, str, Millis]]:
        """(kind, subject, body, at) of what was kept, oldest first."""
        table = schema.evidence.c
        query = select(table.kind, table.subject, table.body, table.at).order_by(table.number)
        if kind is not None:
            query = query.where(table.kind == kind)
        async with self._connected() as connection:
            rows = await connection.execute(query)
            return [(row.kind, row.subject, row.body, Millis(row.at)) for row in rows]

    async def close(self) -> None:
        """Close the connections that read."""
        await self._readers.dispose()

    async def _page(
        self, condition: ColumnElement[bool], after: tuple[str, int] | None, limit: int
    ) -> list[Found]:
        query = lookups.found_where(condition, lookups.NEWEST_PLACE)
        if after is not None:
            query = query.where(tuple_(*_PLACE) > tuple_(*after))
        return await self._found(query.order_by(*_PLACE).limit(limit))

    async def _found(self, query: Select[Any]) -> list[Found]:
        async with self._connected(self._snapshots) as connection:
            return await lookups.fetch_found(connection, query)

    async def _anchor(self, query: Select[Any]) -> AnchorRow | None:
        rows = await self._anchors(query)
        return rows[0] if rows else None

    async def _anchors(self, query: Select[Any]) -> list[AnchorRow]:
        async with self._connected(self._snapshots) as connection:
            rows = (await connection.execute(query)).all()
            if not rows:
                return []
            table = schema.cosignature.c
            lines: dict[int, dict[str, str]] = {}
            for one in await connection.execute(
                select(schema.cosignature)
                .where(table.origin == rows[0].origin, table.size.in_([row.size for row in rows]))
                .order_by(table.name)
            ):
                lines.setdefault(one.size, {})[one.name] = one.line
            return [read_anchor(row, lines.get(row.size, {})) for row in rows]

    @asynccontextmanager
    async def _connected(self, engine: AsyncEngine | None = None) -> AsyncIterator[AsyncConnection]:
        """A connection; what the database cannot read, or not now, is an answer for another time."""
        try:
            async with (engine or self._readers).connect() as connection:
                yield connection
        except FAULTS as error:
            raise UnavailableError(
                "store_unavailable", f"cannot be read: {named(error)}"
            ) from error


def _range(
    column: Any,  # noqa: ANN401 - a column of either kind
    origin: Origin,
    start: int,
    count: int,
) -> tuple[ColumnElement[bool], ...]:
    return (schema.leaf.c.origin == str(origin), column >= start, column < start + count)
