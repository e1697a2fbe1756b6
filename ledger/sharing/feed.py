"""What this node feeds to mirrors: what they may see in clear, the rest sealed (DESIGN D6)."""

from __future__ import annotations

from collections.abc import Callable

from ledger.errors import VerificationError
from ledger.ports import FedStatement, StatementRow
from ledger.records.grades import mirrored
from ledger.sharing.evidence import leaf_line
from ledger.sharing.holdings import Holdings
from ledger.statement.sdjwt import join, parse, present
from ledger.statement.sealed import SealedBatch
from ledger.values import Origin


def seals_nothing() -> SealedBatch | None:
    """Where the network names no recovery key of the region."""
    return None


class Feed:
    """Leaves of any log held here, with their statements.

    Args:
        region: this node's region; what its own logs keep back is sealed here, once for each answer.
        batch: a fresh batch to seal with, or None where there is no key to seal to.
    """

    def __init__(
        self,
        holdings: Holdings,
        region: str,
        batch: Callable[[], SealedBatch | None] = seals_nothing,
    ) -> None:
        self._holdings = holdings
        self._region = region
        self._batch = batch

    async def read(self, origin: Origin, start: int, count: int) -> list[FedStatement]:
        """Committed leaves from that index, at most count of them.

        Raises:
            UnavailableError: row_unreadable, store_unavailable.
        """
        found = await self._holdings.feed(origin, start, count)
        clear = [_clear(one.statement) for one in found]
        hidden = [
            [text for text in one.statement.disclosures if text not in shown]
            for one, shown in zip(found, clear, strict=True)
        ]
        # Of another region's log, or of what was lost here once, only the sealed form is at hand.
        bare = [one.statement.id for one, closed in zip(found, hidden, strict=True) if not closed]
        kept = await self._holdings.store.sealed(origin, bare)
        batch = self._batch() if origin.region == self._region and any(hidden) else None
        return [
            FedStatement(
                leaf_line(one.leaf).encode(),
                one.statement.signed,
                shown,
                batch.seal(origin, one.statement.id, closed)
                if batch is not None and closed
                else kept.get(one.statement.id),
            )
            for one, shown, closed in zip(found, clear, hidden, strict=True)
        ]


def _clear(row: StatementRow) -> tuple[str, ...]:
    """The disclosures mirrors may see; none of a row that was altered beyond reading."""
    try:
        whole = parse(join(row.signed, row.disclosures))
        compact = present(whole, mirrored(whole.claims.kind))
    except VerificationError:
        return ()
    return tuple(part for part in compact.split("~")[1:] if part)
