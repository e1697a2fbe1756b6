"""ports.Chain as one region sees it: behind a link that can fail before and after the chain has heard."""

import asyncio
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ledger.errors import ConflictError, UnavailableError
from ledger.ports import Block, ChainHead, Receipt, SignedTransaction
from ledger.values import AnchorFacts, ChainIdentity, Millis, TreeHead
from tests.simulation.chain import Chain, Mined, Sent, raw_anchor
from tests.simulation.process import Process


@dataclass
class ChainLink:
    """The RPC connection of a region.

    Attributes:
        chain: the chain at its other end; another one while the RPC is pointed elsewhere.
        down: nothing is answered.
        lose_before: chance that a transaction is lost on its way.
        lose_after: chance that a transaction arrives and the answer is lost.
        stale: chance that any look-up fails.
    """

    chain: Chain
    down: bool = False
    lose_before: float = 0.0
    lose_after: float = 0.0
    stale: float = 0.0


class ChainView:
    """One anchor account's view."""

    def __init__(
        self,
        link: ChainLink,
        account: bytes,
        process: Process,
        rng: random.Random,
        confirmations: int,
        note: Callable[..., int],
    ) -> None:
        self._link = link
        self._account = account
        self._process = process
        self._rng = rng
        self._confirmations = confirmations
        self._note = note

    @property
    def sender(self) -> bytes:
        return self._account

    async def identity(self) -> ChainIdentity:
        return (await self._ask()).identity

    async def final_block(self) -> Block:
        chain = await self._ask()
        block = chain.block(max(chain.newest.number - self._confirmations, 0))
        return _told(block)

    async def block(self, number: int) -> Block:
        chain = await self._ask()
        if number > chain.newest.number:
            raise UnavailableError("chain_behind", f"the chain has no block {number} yet")
        return _told(chain.block(number))

    async def head(self, log_id: bytes) -> ChainHead:
        head = (await self._ask()).contracts.head(log_id)
        return ChainHead(TreeHead(head.size, head.root), Millis(head.time * 1000))

    async def nonce(self) -> int:
        return (await self._ask()).nonce(self._account)

    def sign_anchor(
        self, nonce: int, log_id: bytes, head: TreeHead, proof: Sequence[bytes]
    ) -> SignedTransaction:
        raw = raw_anchor(self._account, nonce, log_id, head, proof)
        return SignedTransaction(raw, Sent.of(raw).hash)

    async def send(self, raw: bytes) -> None:
        chain = await self._ask()
        if self._rng.random() < self._link.lose_before:
            raise UnavailableError("chain_unavailable", "lost on the way")
        sent = Sent.of(raw)
        number = self._note("chain", chain.name, "receives", sent.hash.hex()[:12], sent.nonce)
        taken = chain.receive(number, raw)
        if self._rng.random() < self._link.lose_after:
            raise UnavailableError("chain_unavailable", "the answer was lost")
        if not taken:
            raise UnavailableError("chain_rejected", "replacement transaction underpriced")

    async def receipt(self, transaction: bytes) -> Receipt | None:
        chain = await self._ask()
        held = chain.receipts.get(transaction)
        if held is None:
            return None
        ok, number = held
        return Receipt(ok, number, chain.block(number).hash)

    async def refusal(self, transaction: bytes) -> ConflictError | None:
        receipt = await self.receipt(transaction)
        if receipt is None or receipt.ok:
            return None
        return ConflictError("contract_reverted", "the contract refused")

    async def anchors(self, from_block: int, to_block: int) -> list[AnchorFacts]:
        blocks = (await self._ask()).blocks[from_block : to_block + 1]
        return [event for block in blocks for event in block.events]

    async def _ask(self) -> Chain:
        self._process.check()
        # Between two look-ups the chain may go on, or change altogether.
        if self._rng.random() < 0.15:
            await asyncio.sleep(self._rng.choice((0.0, 0.0, 0.02)))
            self._process.check()
        if self._link.down or self._rng.random() < self._link.stale:
            raise UnavailableError("chain_unavailable", "the chain does not answer")
        return self._link.chain


def _told(block: Mined) -> Block:
    return Block(block.number, block.hash, Millis(block.time // 1000 * 1000))
