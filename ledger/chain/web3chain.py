"""ports.Chain over JSON-RPC: one anchor account's view of TreeHeadLedger on any EVM chain, by one node."""

from __future__ import annotations

from collections.abc import Sequence

from ledger.chain import answers, sending
from ledger.chain.accounts import Fees
from ledger.chain.anchorcalls import ANCHOR_GAS, AnchorCalls
from ledger.chain.events import read_anchors
from ledger.chain.refusals import ContractRefused
from ledger.chain.rpc import Rpc
from ledger.chain.view import Confirmations, View
from ledger.errors import UnavailableError
from ledger.ports import Block, ChainHead, Receipt, SignedTransaction
from ledger.values import AnchorFacts, ChainIdentity, TreeHead


class Web3Chain:
    """The chain as one node shows it, which is believed: it is ours, or all there is.

    Engines differ by these settings only, never by name:

    Attributes:
        rpc: the node.
        known: identity that the network was deployed with; says where the ledger is.
        key: the anchor account's secp256k1 key, 32 bytes.
        fees: what to offer for gas; None asks the node each time the nonce is read.
        confirmations: blocks on top before a block is final; 0 where blocks are final at once;
            ``finalized`` believes the node's own tag.
        gas: gas limit of an anchor.
    """

    def __init__(
        self,
        rpc: Rpc,
        known: ChainIdentity,
        key: bytes,
        *,
        fees: Fees | None = None,
        confirmations: Confirmations = 0,
        gas: int = ANCHOR_GAS,
    ) -> None:
        self._rpc = rpc
        self._view = View(rpc, known, confirmations)
        self._calls = AnchorCalls(known, key, fees, gas)

    @property
    def sender(self) -> bytes:
        """The anchor account's 20-byte address."""
        return self._calls.sender

    async def identity(self) -> ChainIdentity:
        """The identity the chain shows now; raises UnavailableError if it cannot be read."""
        return await self._view.identity()

    async def final_block(self) -> Block:
        """The newest block that the confirmation policy counts as final; raises UnavailableError."""
        return await self._view.final()

    async def block(self, number: int) -> Block:
        """The block of that number; raises UnavailableError."""
        found = await self._view.block(number)
        if found is None:
            raise UnavailableError("chain_behind", f"the chain's node is before block {number}")
        return found

    async def head(self, log_id: bytes) -> ChainHead:
        """The newest head TreeHeadLedger holds for the log; raises UnavailableError."""
        return await self._view.head(log_id)

    async def nonce(self) -> int:
        """Number of mined transactions of the anchor account; raises UnavailableError."""
        if self._calls.asks_fees:
            price = answers.number(await sending.ask(self._rpc, "eth_gasPrice"))
            self._calls.fees = Fees(price)
        return await self._view.nonce(self.sender)

    def sign_anchor(
        self, nonce: int, log_id: bytes, head: TreeHead, proof: Sequence[bytes]
    ) -> SignedTransaction:
        """Build and sign the anchor call; deterministic, sends nothing."""
        return self._calls.sign(nonce, log_id, head, proof)

    def sign_dearer(self, raws: Sequence[bytes], most: int) -> SignedTransaction | None:
        """The dearest of these with an eighth more for its gas, or None above ``most`` wei per gas."""
        return self._calls.sign_dearer(raws, most)

    async def send(self, raw: bytes) -> None:
        """Broadcast; silent where the chain has it or its nonce is used: the receipt decides.

        Raises UnavailableError(chain_rejected, chain_unavailable).
        """
        await sending.broadcast(self._rpc, self.sender, raw)

    async def receipt(self, transaction: bytes) -> Receipt | None:
        """The receipt, or None while unknown; raises UnavailableError."""
        found = await sending.receipt_json(self._rpc, transaction)
        return None if found is None else sending.read_receipt(found)

    async def refusal(self, transaction: bytes) -> ContractRefused | None:
        """Why a mined anchor failed; None if it did not, or is not mined. Raises UnavailableError."""
        return await sending.refusal(self._rpc, transaction)

    async def check_anchor(self, log_id: bytes, head: TreeHead, proof: Sequence[bytes]) -> None:
        """Ask the contract, without sending, whether it would take this anchor; raises ContractRefused."""
        await sending.dry_run(self._rpc, self._calls.call(log_id, head, proof))

    async def anchors(self, from_block: int, to_block: int) -> list[AnchorFacts]:
        """Anchor events of all logs in these blocks (inclusive), in order; raises UnavailableError."""
        return await read_anchors(self._rpc, self._view.ledger, from_block, to_block)

    def close(self) -> None:
        """Stop the connection's threads."""
        self._rpc.close()
