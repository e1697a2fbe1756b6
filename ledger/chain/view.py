"""What one node shows of the network's ledger, at a height where one is named."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from ledger.chain import answers, sending
from ledger.chain.abi import contract
from ledger.chain.accounts import checksummed
from ledger.chain.events import AnchorEvent, read_anchors, read_event
from ledger.chain.identity import read_identity
from ledger.chain.rpc import Rpc
from ledger.errors import InputError, UnavailableError
from ledger.ports import Block, ChainHead
from ledger.values import AnchorFacts, ChainIdentity, Millis, TreeHead

Confirmations = int | Literal["finalized"]
"""Blocks on top before a block is final; 0 where blocks are final at once; or the node's own tag."""


@dataclass(frozen=True, slots=True)
class LogLine:
    """One log entry of a receipt, by its index within the block."""

    index: int
    address: bytes
    topics: tuple[bytes, ...]
    data: bytes


@dataclass(frozen=True, slots=True)
class Mined:
    """A receipt whole: two nodes that show the same one agree on its block, its outcome and its events.

    ``anchors`` are those of its ``logs`` that the ledger wrote.
    """

    ok: bool
    block_number: int
    block_hash: bytes
    logs: tuple[LogLine, ...]
    anchors: tuple[AnchorEvent, ...]


@dataclass(frozen=True, slots=True)
class Body:
    """A block's hash and the hashes of its transactions, in order."""

    hash: bytes
    transactions: tuple[bytes, ...]


class View:
    """One node's answers; each raises UnavailableError where the node does not, or cannot be read."""

    def __init__(self, rpc: Rpc, known: ChainIdentity, confirmations: Confirmations) -> None:
        self.rpc = rpc
        self.ledger = known.address
        self._known = known
        self._confirmations = confirmations
        self._functions = contract("TreeHeadLedger").functions

    async def identity(self) -> ChainIdentity:
        """The identity shown now."""
        return await read_identity(self.rpc, self.ledger, self._known.deploy_block_number)

    async def latest(self) -> Block:
        """The newest block."""
        return await self._must("latest")

    async def final(self) -> Block:
        """The newest block that the confirmation policy counts as final."""
        if self._confirmations == "finalized":
            return await self._must("finalized")
        newest = await self.latest()
        if self._confirmations == 0:
            return newest
        return await self._must(hex(max(newest.number - self._confirmations, 0)))

    async def block(self, number: int) -> Block | None:
        """The block of that number; None where the node has not come so far."""
        found = await self._shown(hex(number))
        return None if found is None else answers.block(found)

    async def body(self, number: int) -> Body | None:
        """What the block of that number is made of; None where the node has not come so far."""
        found = await self._shown(hex(number))
        if found is None:
            return None
        listed = answers.items(answers.member(found, "transactions"))
        hashes = tuple(answers.data(each, 32) for each in listed)
        return Body(answers.block(found).hash, hashes)

    async def head(self, log_id: bytes, height: int | None = None) -> ChainHead:
        """The head that the contract holds for the log, now or after the block of that number."""
        element = self._functions["head"]
        call = {
            "to": checksummed(self.ledger),
            "data": "0x" + element.call_data(log_id).hex(),
        }
        try:
            output = await sending.dry_run(self.rpc, call, _tag(height))
            size, root, time = element.read_result(output)
            return ChainHead(TreeHead(size, root), Millis(time * 1000))
        except InputError as error:
            # The contract refuses nobody a head, and has none of that size: the node says so alone.
            raise UnavailableError("chain_answer_malformed", error.detail) from error

    async def nonce(self, sender: bytes, height: int | None = None) -> int:
        """Mined transactions of an account, now or after the block of that number."""
        return await sending.nonce(self.rpc, sender, _tag(height))

    async def mined(self, transaction: bytes) -> Mined | None:
        """The receipt with its events; None while there is none."""
        found = await sending.receipt_json(self.rpc, transaction)
        if found is None:
            return None
        if answers.data(answers.member(found, "transactionHash"), 32) != transaction:
            raise UnavailableError("chain_answer_malformed", "the receipt of another transaction")
        receipt, logs = sending.read_receipt(found), answers.items(answers.member(found, "logs"))
        events = [read_event(each, self.ledger) for each in logs]
        return Mined(
            ok=receipt.ok,
            block_number=receipt.block_number,
            block_hash=receipt.block_hash,
            logs=tuple(_line(each) for each in logs),
            anchors=tuple(event for event in events if event is not None),
        )

    async def anchors(self, first: int, last: int) -> tuple[AnchorFacts, ...] | None:
        """Anchor events of these blocks (inclusive); None where the node has not come to the last."""
        if await self.block(last) is None:
            return None
        return tuple(await read_anchors(self.rpc, self.ledger, first, last))

    async def _must(self, tag: str) -> Block:
        found = await self._shown(tag)
        if found is None:
            raise UnavailableError("chain_unavailable", f"the chain has no block {tag}")
        return answers.block(found)

    async def _shown(self, tag: str) -> Any:  # noqa: ANN401  # any JSON
        """The block with the hashes of its transactions, as the node writes it; None where it has none."""
        return await sending.ask(self.rpc, "eth_getBlockByNumber", tag, False)


def _tag(height: int | None) -> str:
    return "latest" if height is None else hex(height)


def _line(log: object) -> LogLine:
    return LogLine(
        index=answers.number(answers.member(log, "logIndex"), 2**31),
        address=answers.data(answers.member(log, "address"), 20),
        topics=tuple(
            answers.data(each, 32) for each in answers.items(answers.member(log, "topics"))
        ),
        data=answers.data(answers.member(log, "data")),
    )
