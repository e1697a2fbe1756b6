"""Receipts and anchor events that two nodes of different authorities show alike."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from ledger.chain.agreement import TWO
from ledger.chain.panel import Panel
from ledger.chain.view import Mined
from ledger.errors import DisputedError, UnavailableError
from ledger.ports import ChainHead
from ledger.values import AnchorFacts

Lists = Mapping[str, tuple[AnchorFacts, ...]]
"""Each authority's events of the same blocks."""


def lagging(what: str) -> UnavailableError:
    """Fewer than two nodes show it: for now, nobody can tell."""
    return UnavailableError(
        "chain_lagging", f"fewer than two nodes of different authorities show {what}"
    )


class AgreedEvents:
    """Reads what transactions and contract say; a block number ``final`` is the newest final one."""

    def __init__(self, panel: Panel) -> None:
        self._panel = panel

    async def mined(self, transaction: bytes, final: int) -> Mined | None:
        """The receipt that two nodes show alike, or None; raises DisputedError."""
        return await self._panel.agree(
            f"receipt of 0x{transaction.hex()}",
            lambda view: view.mined(transaction),
            final=lambda receipt: receipt.block_number <= final,
        )

    async def head(self, log_id: bytes, height: int, *, final: bool = True) -> ChainHead | None:
        """The contract's head for the log after that block, as two nodes have it; raises DisputedError."""
        return await self._panel.agree(
            f"head of log {log_id.hex()} after block {height}",
            lambda view: view.head(log_id, height),
            final=lambda _: final,
        )

    async def read(self, first: int, last: int, final: int) -> list[AnchorFacts]:
        """Events of these blocks (inclusive), in order.

        Raises UnavailableError(chain_lagging) while anything is shown by one node only; DisputedError.
        """
        lists = await self._panel.some(
            lambda view: view.anchors(first, last), lambda said: len(set(said.values())) == 1
        )
        if len(lists) < TWO:
            raise lagging(f"the events of blocks {first} to {last}")
        shown = _who_shows(lists)
        for event, names in shown.items():
            if len(names) < TWO:
                await self._refute(event, next(iter(names)), final)
        agreed = [event for event, names in shown.items() if len(names) >= TWO]
        for event in agreed:
            await self._check_receipt(event, final)
        await self._check_heads(agreed, last, final)
        return sorted(agreed, key=lambda event: (event.block_number, event.log_index))

    async def _refute(self, event: AnchorFacts, claimant: str, final: int) -> None:
        """Two others have the block and it does not hold this event: then the claimant is set aside.

        An event that is merely missing elsewhere may be on its way. Raises UnavailableError, DisputedError.
        """
        what = f"event of {event.log_id.hex()} size {event.head.size} in block {event.block_number}"
        if event.block_number > final:
            raise lagging(what)
        against = await self._denials(event, claimant)
        told = f"{what}: shown by {claimant}, denied by {', '.join(sorted(against)) or 'nobody'}"
        if len(against) >= TWO:
            await self._panel.set_aside(claimant, told)
        elif against:
            raise DisputedError("chain_disputed", told)
        else:
            raise lagging(what)

    async def _denials(self, event: AnchorFacts, claimant: str) -> set[str]:
        """Who has the block without the transaction, or the transaction's receipt without the event."""
        bodies = await self._panel.all(lambda view: view.body(event.block_number))
        receipts = await self._panel.all(lambda view: view.mined(event.transaction))
        without = {
            name
            for name, body in bodies.items()
            if body.hash != event.block_hash or event.transaction not in body.transactions
        }
        other = {name for name, receipt in receipts.items() if not _holds(receipt, event)}
        return (without | other) - {claimant}

    async def _check_receipt(self, event: AnchorFacts, final: int) -> None:
        """Raises UnavailableError(chain_lagging) until two nodes show the event in the same receipt."""
        receipt = await self.mined(event.transaction, final)
        if receipt is None or not receipt.ok or not _holds(receipt, event):
            raise lagging(f"the receipt of 0x{event.transaction.hex()}")

    async def _check_heads(self, events: Collection[AnchorFacts], last: int, final: int) -> None:
        """Raises UnavailableError(chain_lagging) until the contract has come to every event's size."""
        sizes: dict[bytes, int] = {}
        for event in events:
            sizes[event.log_id] = max(sizes.get(event.log_id, 0), event.head.size)
        for log_id, size in sizes.items():
            head = await self.head(log_id, last)
            if head is None and last < final:
                # Nodes drop old states and keep the blocks: asked at ``last`` alone, they would never tell. A
                # head only grows, so a newer one has come to that size as well.
                head = await self.head(log_id, final)
            if head is None or head.head.size < size:
                raise lagging(f"a head of log {log_id.hex()} at size {size}")


def _who_shows(lists: Lists) -> dict[AnchorFacts, set[str]]:
    shown: dict[AnchorFacts, set[str]] = {}
    for name, events in lists.items():
        for event in events:
            shown.setdefault(event, set()).add(name)
    return shown


def _holds(receipt: Mined, event: AnchorFacts) -> bool:
    """Whether the receipt holds that very event."""
    return any(each.facts(event.block_time) == event for each in receipt.anchors)
