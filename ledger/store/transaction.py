"""ports.Transaction on the writing connection."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy.ext.asyncio import AsyncConnection

from ledger.ports import Append, Found, RecordKey
from ledger.store import lookups
from ledger.store.appending import write_append
from ledger.store.sealed import write_sealed
from ledger.values import Millis, Origin, Sealed, StatementId


class StoreTransaction:
    """Reads and the one write of a group commit; whoever made it commits or rolls back."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def size(self, origin: Origin) -> int:
        """Number of leaves of the log."""
        return await lookups.size_of(self._connection, origin)

    async def last_received(self, origin: Origin) -> Millis:
        """``received`` of the last leaf, 0 for an empty log."""
        return await lookups.last_received(self._connection, origin)

    async def find_ids(self, region: str, ids: Sequence[StatementId]) -> dict[StatementId, Found]:
        """Which of these statements are logged in this region, at their newest place."""
        return await lookups.find_ids(self._connection, region, ids)

    async def find_jtis(
        self, region: str, jtis: Sequence[tuple[str, str]]
    ) -> dict[tuple[str, str], StatementId]:
        """Which (author, jti) pairs this region has seen."""
        return await lookups.find_jtis(self._connection, region, jtis)

    async def find_newest(
        self, region: str, records: Sequence[RecordKey]
    ) -> dict[RecordKey, Found]:
        """The newest version of each of these records in this region."""
        return await lookups.find_newest(self._connection, region, records)

    async def append(self, step: Append) -> None:
        """Write the step; durable once the surrounding block has ended without an error."""
        await write_append(self._connection, step)

    async def put_sealed(self, origin: Origin, sealed: Mapping[StatementId, Sealed]) -> None:
        """Keep sealed disclosures of statements that are stored; what is kept already stays."""
        await write_sealed(self._connection, origin, sealed)
