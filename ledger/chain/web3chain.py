"""ports.Chain over JSON-RPC: one anchor account's view of TreeHeadLedger on any EVM chain."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from ledger.chain import answers, sending
from ledger.chain.abi import contract
from ledger.chain.accounts import Account, Fees, checksummed
from ledger.chain.events import read_anchors
from ledger.chain.identity import read_identity
from ledger.chain.refusals import ContractRefused
from ledger.chain.rpc import Rpc
from ledger.errors import UnavailableError
from ledger.ports import Block, ChainHead, Receipt, SignedTransaction
from ledger.values import AnchorFacts, ChainIdentity, Millis, TreeHead

ANCHOR_GAS = 150_000
"""Gas limit of an anchor: the worst of the gas table (under 100,000) and a half more."""


class Web3Chain:
    """The chain as its ledger's contract shows it.

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
        confirmations: int | Literal["finalized"] = 0,
        gas: int = ANCHOR_GAS,
    ) -> None:
        self._rpc = rpc
        self._known = known
        self._account = Account(key)
        self._ask_fees = fees is None
        self._fees = fees or Fees()
        self._confirmations = confirmations
        self._gas = gas
        self._functions = contract("TreeHeadLedger").functions

    @property
    def sender(self) -> bytes:
        """The anchor account's 20-byte address."""
        return self._account.address

    async def identity(self) -> ChainIdentity:
        """The identity the chain shows now; raises UnavailableError if it cannot be read."""
        return await read_identity(self._rpc, self._known.address, self._known.deploy_block_number)

    async def final_block(self) -> Block:
        """The newest block that the confirmation policy counts as final; raises UnavailableError."""
        if self._confirmations == "finalized":
            return await self._block("finalized")
        newest = await self._block("latest")
        if self._confirmations == 0:
            return newest
        return await self._block(hex(max(newest.number - self._confirmations, 0)))

    async def head(self, log_id: bytes) -> ChainHead:
        """The newest head TreeHeadLedger holds for the log; raises UnavailableError."""
        element = self._functions["head"]
        output = await sending.dry_run(self._rpc, self._call(element.call_data(log_id)))
        size, root, time = element.read_result(output)
        return ChainHead(TreeHead(size, root), Millis(time * 1000))

    async def nonce(self) -> int:
        """Number of mined transactions of the anchor account; raises UnavailableError."""
        if self._ask_fees:
            self._fees = Fees(answers.number(await sending.ask(self._rpc, "eth_gasPrice")))
        return await sending.nonce(self._rpc, self.sender)

    def sign_anchor(
        self, nonce: int, log_id: bytes, head: TreeHead, proof: Sequence[bytes]
    ) -> SignedTransaction:
        """Build and sign the anchor call; deterministic, sends nothing."""
        data = self._functions["anchor"].call_data(log_id, head.size, head.root, list(proof))
        return self._account.sign(
            {
                "chainId": self._known.chain_id,
                "nonce": nonce,
                "to": checksummed(self._known.address),
                "value": 0,
                "gas": self._gas,
                "data": "0x" + data.hex(),
                **self._fees.members(),
            }
        )

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
        data = self._functions["anchor"].call_data(log_id, head.size, head.root, list(proof))
        await sending.dry_run(self._rpc, self._call(data))

    async def anchors(self, from_block: int, to_block: int) -> list[AnchorFacts]:
        """Anchor events of all logs in these blocks (inclusive), in order; raises UnavailableError."""
        return await read_anchors(self._rpc, self._known.address, from_block, to_block)

    def close(self) -> None:
        """Stop the connection's threads."""
        self._rpc.close()

    def _call(self, data: bytes) -> dict[str, str]:
        return {
            "from": checksummed(self.sender),
            "to": checksummed(self._known.address),
            "data": "0x" + data.hex(),
        }

    async def _block(self, tag: str) -> Block:
        found = await sending.ask(self._rpc, "eth_getBlockByNumber", tag, False)
        if found is None:
            raise UnavailableError("chain_unavailable", f"the chain has no block {tag}")
        return answers.block(found)
