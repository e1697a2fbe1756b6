"""Bringing stored anchor transactions to their end by looking at receipts and the account's nonce."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ledger.anchoring.nonces import Nonces
from ledger.anchoring.replacing import Replacer
from ledger.errors import UnavailableError
from ledger.failpoints import reach
from ledger.ports import Block, Chain, ChainHead, Clock, OutboxRow, Receipt, Store
from ledger.values import Origin

# How long a receipt may be missing after its transaction was counted; the longest seen was half a second.
_RECEIPT_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Settled:
    """What the outbox showed.

    ``waiting`` were sent (again) and are not mined, or may have used their nonce and show no receipt yet;
    ``refused`` is a transaction of ours that the contract refused while its head is still missing on the
    chain; ``foreign`` is the newest nonce that was used by a transaction we never stored.
    """

    waiting: bool = False
    mined: bool = False
    refused: OutboxRow | None = None
    foreign: int | None = None


class Outbox:
    """The stored transactions of one anchor account."""

    def __init__(self, store: Store, chain: Chain, replacer: Replacer, clock: Clock) -> None:
        self._store = store
        self._chain = chain
        self._replacer = replacer
        self._clock = clock
        self._nonces = Nonces(store, chain)
        self._unseen: dict[int, float] = {}

    async def send(self, row: OutboxRow) -> bool:
        """Store the transaction, then broadcast it; True if it is mined at once."""
        # Stored before it is sent: a crash in between sends the same bytes again. Sent first, a crash
        # would leave a transaction on the chain that no row of ours explains.
        reach("anchor.signed")
        # Before the row: a crash in between makes us expect one nonce too many, which accuses nobody.
        await self._nonces.expect(row.nonce, row.origin, row.head)
        await self._store.put_outbox(row)
        reach("anchor.stored")
        await self._chain.send(row.raw)
        reach("anchor.sent")
        return await self._chain.receipt(row.hash) is not None

    async def settle(
        self, nonce: int, final: Block, origin: Origin, contract: ChainHead
    ) -> Settled:
        """Look at every unfinished transaction; ``nonce`` is the account's number of mined ones.

        ``contract`` is the chain's head of the log ``origin``.
        """
        by_nonce: dict[int, list[OutboxRow]] = {}
        for row in await self._store.outbox(self._chain.sender):
            by_nonce.setdefault(row.nonce, []).append(row)
        unseen, mined, refused = False, False, None
        foreign = await self._nonces.beyond_ours(nonce, origin, contract)
        for used in sorted(n for n in by_nonce if n < nonce):
            outcome = await self._settle_used(used, by_nonce[used], final, contract)
            unseen = unseen or outcome.waiting
            mined = mined or outcome.mined
            refused = refused or outcome.refused
            foreign = used if outcome.foreign is not None else foreign
        # What waits for this nonce goes first, though earlier ones were mined: the next head would take the
        # same nonce, and of two transactions with one nonce nobody can say which is mined.
        out = by_nonce.get(nonce, [])
        done = await self._send_again(out)
        if not done and (dearer := self._replacer.due(out)) is not None:
            done = await self.send(dearer)
        return Settled(unseen or (bool(out) and not done), mined or done, refused, foreign)

    async def _send_again(self, rows: Sequence[OutboxRow]) -> bool:
        """Hand over all that is stored for one nonce; True if one of them is mined.

        Raises UnavailableError; chain_rejected only where the newest, which is the dearest, is refused.
        """
        refused: UnavailableError | None = None
        done = False
        # Dearest first: a pool that holds it refuses for ever those that it replaced. They are sent all the
        # same, since a pool that refuses the dearest may have lost them.
        for row in reversed(rows):
            try:
                # Unknown is not lost: the same bytes again, so at most one of them can ever be mined.
                await self._chain.send(row.raw)
            except UnavailableError as error:
                if error.code != "chain_rejected":
                    raise
                refused = error if row is rows[-1] else refused
            done = await self._chain.receipt(row.hash) is not None or done
        if refused is not None and not done:
            raise refused
        return done

    async def _settle_used(
        self, nonce: int, rows: list[OutboxRow], final: Block, contract: ChainHead
    ) -> Settled:
        for row in rows:
            receipt = await self._chain.receipt(row.hash)
            if receipt is None:
                continue
            self._unseen.pop(nonce, None)
            # Kept until final: a reorganised chain forgets it and needs the same bytes again.
            reach("anchor.settled")
            if receipt.block_number <= final.number and await self._is_over(row, receipt):
                await self._store.finish_outbox(row.sender, nonce)
            missing = not receipt.ok and contract.head.size < row.head.size
            return Settled(mined=receipt.ok, refused=row if missing else None)
        # Some chains count a transaction before they show its receipt.
        now = self._clock.monotonic()
        if now - self._unseen.setdefault(nonce, now) < _RECEIPT_SECONDS:
            return Settled(waiting=True)
        await self._store.finish_outbox(rows[0].sender, nonce)
        return Settled(foreign=nonce)

    async def _is_over(self, row: OutboxRow, receipt: Receipt) -> bool:
        # Mirrors may have seen the event before we did: were the chain rolled back now, this row alone would
        # tell us which head they wait for.
        return not receipt.ok or await self._store.anchor(row.origin, row.head.size) is not None
