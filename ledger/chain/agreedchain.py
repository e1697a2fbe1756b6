"""ports.Chain over nodes of several authorities: only what two of them say alike is a fact."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

from ledger.chain import answers, sending
from ledger.chain.accounts import Fees
from ledger.chain.agreedevents import AgreedEvents, lagging
from ledger.chain.agreement import TWO
from ledger.chain.anchorcalls import ANCHOR_GAS, AnchorCalls
from ledger.chain.panel import ChainNode, Panel
from ledger.chain.refusals import ContractRefused
from ledger.chain.standing import Standing
from ledger.chain.view import Confirmations, View
from ledger.ports import Block, ChainHead, Receipt, SignedTransaction
from ledger.values import AnchorFacts, ChainIdentity, TreeHead

T = TypeVar("T")
_NO_BLOCK = bytes(32)


class AgreedChain:
    """The chain as two of its nodes show it alike, seen by one anchor account.

    No answer, an error, a lower block are lag: asked again, never held against a node. Two different answers
    for the same final block are a contradiction: the minority is set aside, and where there is none
    DisputedError stops us. Agreement on a block's hash is not enough, since a header need not be one
    that can be hashed again: receipts and events are compared whole.

    Attributes:
        nodes: the region's own first; each of another authority.
        known, key, fees, confirmations, gas: as of Web3Chain.
        standing: who is set aside.
    """

    def __init__(
        self,
        nodes: Sequence[ChainNode],
        known: ChainIdentity,
        key: bytes,
        *,
        standing: Standing,
        fees: Fees | None = None,
        confirmations: Confirmations = 0,
        gas: int = ANCHOR_GAS,
    ) -> None:
        self.nodes = tuple(nodes)
        self._known = known
        self._final_at_once = confirmations == 0
        self._calls = AnchorCalls(known, key, fees, gas)
        self._panel = Panel(nodes, known, confirmations, standing)
        self._events = AgreedEvents(self._panel)
        self._tip = -1
        self._final = -1

    @property
    def sender(self) -> bytes:
        """The anchor account's 20-byte address."""
        return self._calls.sender

    @property
    def states(self) -> dict[str, str]:
        """Each authority's node: ``ok``, ``silent`` or ``set aside``."""
        return self._panel.states

    async def identity(self) -> ChainIdentity:
        """The identity that two nodes show; raises UnavailableError, DisputedError."""
        said = await self._panel.some(
            View.identity, lambda said: set(said.values()) == {self._known}
        )
        # A node that does not have the block of the deployment yet has not come so far; if none has it, the
        # chain was begun anew.
        further = {name: it for name, it in said.items() if it.deploy_block_hash != _NO_BLOCK}
        return _had(await self._panel.judge("chain identity", further or said), "identity")

    async def final_block(self) -> Block:
        """The newest block that is final for two nodes; raises UnavailableError, DisputedError."""
        tip = await self._reached(View.latest)
        final = tip if self._final_at_once else await self._reached(View.final)
        block = await self._panel.agree(f"block {final}", lambda view: view.block(final))
        self._tip, self._final = tip, final
        return _had(block, f"block {final}")

    async def block(self, number: int) -> Block:
        """The block of that number as two nodes have it; raises as ``identity``."""
        await self._height()
        block = await self._panel.agree(
            f"block {number}",
            lambda view: view.block(number),
            final=lambda _: number <= self._final,
        )
        return _had(block, f"block {number}")

    async def head(self, log_id: bytes) -> ChainHead:
        """The contract's head for the log, as two nodes have it at one height; raises as ``identity``."""
        tip = await self._height()
        head = await self._events.head(log_id, tip, final=tip <= self._final)
        return _had(head, "head")

    async def nonce(self) -> int:
        """Mined transactions of the anchor account, as two nodes have it; raises as ``identity``."""
        if self._calls.asks_fees:
            self._calls.fees = Fees(await self._price())
        tip = await self._height()
        nonce = await self._panel.agree(
            f"nonce of account {self.sender.hex()} after block {tip}",
            lambda view: view.nonce(self.sender, tip),
            final=lambda _: tip <= self._final,
        )
        return _had(nonce, "nonce")

    def sign_anchor(
        self, nonce: int, log_id: bytes, head: TreeHead, proof: Sequence[bytes]
    ) -> SignedTransaction:
        """Build and sign the anchor call; deterministic, sends nothing."""
        return self._calls.sign(nonce, log_id, head, proof)

    def sign_dearer(self, raws: Sequence[bytes], most: int) -> SignedTransaction | None:
        """The dearest of these with an eighth more for its gas, or None above ``most`` wei per gas."""
        return self._calls.sign_dearer(raws, most)

    async def send(self, raw: bytes) -> None:
        """Hand it to every node; silent where one took it or has it. Raises as Web3Chain.send.

        A node that is cut off takes transactions that no block will ever hold.
        """
        await self._panel.each(lambda rpc: sending.broadcast(rpc, self.sender, raw))

    async def receipt(self, transaction: bytes) -> Receipt | None:
        """The receipt that two nodes show alike, events and all, or None; raises DisputedError."""
        mined = await self._events.mined(transaction, self._final)
        return None if mined is None else Receipt(mined.ok, mined.block_number, mined.block_hash)

    async def refusal(self, transaction: bytes) -> ContractRefused | None:
        """Why a mined anchor failed, as the first node tells that can; raises UnavailableError."""
        said = await self._panel.all(lambda view: sending.refusal(view.rpc, transaction))
        return next(iter(said.values()), None)

    async def anchors(self, from_block: int, to_block: int) -> list[AnchorFacts]:
        """Anchor events of these blocks that two nodes show alike, in order.

        Raises UnavailableError(chain_lagging) while one of them is shown by one node only; DisputedError.
        """
        await self._height()
        return await self._events.read(from_block, to_block, self._final)

    def close(self) -> None:
        """Stop the connections' threads."""
        for node in self.nodes:
            node.rpc.close()

    async def _height(self) -> int:
        """The newest block that two nodes have, as last looked at."""
        if self._tip < 0:
            await self.final_block()
        return self._tip

    async def _reached(self, which: Callable[[View], Awaitable[Block]]) -> int:
        """The number of the newest such block that two nodes have."""
        newest = await self._panel.all(which)
        numbers = sorted((block.number for block in newest.values()), reverse=True)
        if len(numbers) < TWO:
            raise lagging("a newest block")
        return numbers[TWO - 1]

    async def _price(self) -> int:
        """The price of gas; the lower median, since one node alone could name any."""
        said = await self._panel.all(_price)
        if len(said) < TWO:
            raise lagging("a price of gas")
        return sorted(said.values())[(len(said) - 1) // 2]


def _had(value: T | None, what: str) -> T:
    if value is None:
        raise lagging(what)
    return value


async def _price(view: View) -> int:
    return answers.number(await sending.ask(view.rpc, "eth_gasPrice"))
