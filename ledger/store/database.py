"""What both databases share of ports.Store: every write beside the log's own, in a transaction each."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from sqlalchemy import delete, insert, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from ledger.ports import AnchorRow, OutboxRow, StatementRow
from ledger.store import schema
from ledger.store.dialect import insert_into
from ledger.store.evidence import keep_evidence
from ledger.store.reads import Reads
from ledger.store.replacing import complete
from ledger.store.rows import anchor_values, outbox_values
from ledger.store.transaction import StoreTransaction
from ledger.store.writer import Writer
from ledger.values import Millis, Origin


class DatabaseStore(Reads):
    """A store in one database; SqliteStore and PostgresStore open it.

    Writes take turns on one connection; reads run beside them on others and see what was committed when
    they began.

    Attributes:
        version: name and version of the database, for people.
    """

    version: str

    def __init__(self, writer: Writer, readers: AsyncEngine, snapshots: AsyncEngine) -> None:
        super().__init__(readers, snapshots)
        self._writer = writer

    async def identity(self) -> str | None:
        """Which database this is; None where nothing tells it from a copy of its own."""
        return None

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[StoreTransaction]:
        """One write transaction; commits durably at the end of the block, rolls back on an error."""
        async with self._writer.transaction() as connection:
            yield StoreTransaction(connection)

    async def put_anchor(self, row: AnchorRow) -> None:
        """Insert or replace what is known of an anchored head; key is (origin, size)."""
        values = anchor_values(row)
        place = {"origin": values["origin"], "size": values["size"]}
        lines = [place | {"name": name, "line": line} for name, line in row.cosignatures.items()]

        async def work(connection: AsyncConnection) -> None:
            await connection.execute(
                insert_into(connection.dialect, schema.anchor).on_conflict_do_update(
                    index_elements=list(place), set_=values
                ),
                values,
            )
            await connection.execute(delete(schema.cosignature).filter_by(**place))
            if lines:
                await connection.execute(insert(schema.cosignature), lines)

        await self._writer.write(work)

    async def drop_anchors(self, origin: Origin, above_size: int) -> int:
        """Forget anchored heads above that size (the chain was rolled back); how many."""

        async def work(connection: AsyncConnection) -> int:
            gone = 0
            for table in (schema.cosignature, schema.anchor):
                rows = await connection.execute(
                    delete(table).where(table.c.origin == str(origin), table.c.size > above_size)
                )
                gone = rows.rowcount
            return gone

        return await self._writer.write(work)

    async def put_outbox(self, row: OutboxRow) -> None:
        """Store a signed transaction, durable on return; unique by (sender, nonce, hash)."""
        place, values = ["sender", "nonce", "hash"], outbox_values(row)

        async def work(connection: AsyncConnection) -> None:
            # After a roll-back the same bytes are signed again; left finished, nobody would send them again.
            await connection.execute(
                insert_into(connection.dialect, schema.outbox)
                .values(values)
                .on_conflict_do_update(index_elements=place, set_={"done": row.done})
            )

        await self._writer.write(work)

    async def finish_outbox(self, sender: bytes, nonce: int) -> None:
        """Mark every transaction with that nonce done."""

        async def work(connection: AsyncConnection) -> None:
            table = schema.outbox.c
            await connection.execute(
                update(schema.outbox)
                .where(table.sender == sender, table.nonce == nonce)
                .values(done=True)
            )

        await self._writer.write(work)

    async def complete(self, rows: Sequence[StatementRow]) -> None:
        """Replace what is stored of these statements; raises ConflictError(statement_conflict)."""

        async def work(connection: AsyncConnection) -> None:
            await complete(connection, rows)

        await self._writer.write(work)

    async def put_meta(self, name: str, value: str) -> None:
        """Set a small named value, durable on return."""

        async def work(connection: AsyncConnection) -> None:
            await connection.execute(
                insert_into(connection.dialect, schema.meta)
                .values(name=name, value=value)
                .on_conflict_do_update(index_elements=["name"], set_={"value": value})
            )

        await self._writer.write(work)

    async def add_evidence(self, kind: str, subject: str, body: str, at: Millis) -> None:
        """Keep a contradiction or finding for ever; the same (kind, subject, body) is kept once."""

        async def work(connection: AsyncConnection) -> None:
            await keep_evidence(connection, kind, subject, body, at)

        await self._writer.write(work)

    async def close(self) -> None:
        """Release the database: readers first, so that SQLite's writer may checkpoint as it closes."""
        await super().close()
        await self._writer.close()
