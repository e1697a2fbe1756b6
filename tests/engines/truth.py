"""The true chain, read with no node between, and what it says of all that was told.

Imports nothing of the product. Findings begin with the invariant's name:
    identity   another chain or contract was taken for ours
    final      a block was called final that the chain does not have
    nonce      the account was said to have sent more than it has
    head       a head was told that the contract never held
    receipts   an outcome was told that the chain does not show
    events     an anchor was told that never was, or not as it was
    complete   a range was told without an anchor that lies in it
    double     two payloads were sent with one nonce
    aside      a node was set aside that never contradicted the others, or one that did was not
    anchored   what waits is not on the chain, or the followers were not told of it
"""

import json
import urllib.request
from dataclasses import dataclass, field
from typing import Any

ANCHORED = "0xc25f37d20d47e73c4b065c43ec9f946fd9ece3644c64f3a2ae8c66c75395eee7"
"""Topic of TreeHeadAnchored."""


@dataclass(frozen=True)
class Anchored:
    """One anchor event as it truly is; hashes are bytes, the time is in milliseconds."""

    log_id: bytes
    size: int
    root: bytes
    block_number: int
    block_hash: bytes
    transaction: bytes
    log_index: int
    block_time: int


@dataclass(frozen=True)
class Told:
    """One answer that reached the product's services: which fact, of what, and what was said."""

    fact: str
    asked: tuple[Any, ...]
    said: Any


@dataclass
class Truth:
    """Reads the chain behind all nodes.

    Attributes:
        rpc: address of the true node.
        ledger: address of TreeHeadLedger, 0x-hex.
    """

    rpc: str
    ledger: str
    _blocks: dict[int, dict[str, Any]] = field(default_factory=dict)

    def ask(self, method: str, *params: Any) -> Any:
        call = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
        header = {"Content-Type": "application/json"}
        request = urllib.request.Request(self.rpc, json.dumps(call).encode(), header)
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.load(answer)["result"]

    def events(self) -> list[Anchored]:
        """Every anchor event of the ledger, in the chain's order."""
        wanted = {"address": self.ledger, "topics": [ANCHORED], "fromBlock": "0x0"}
        logs = self.ask("eth_getLogs", wanted | {"toBlock": "latest"})
        return [self._anchored(log) for log in logs]

    def height(self) -> int:
        """The newest block; -1 where the node does not answer."""
        try:
            return int(self.ask("eth_blockNumber"), 16)
        except OSError:
            return -1

    def nonce(self, account: bytes) -> int:
        return int(self.ask("eth_getTransactionCount", f"0x{account.hex()}", "latest"), 16)

    def judge(self, told: list[Told], account: bytes, identity: object) -> list[str]:
        """What was told and is not so; ``identity`` is the chain's as it was deployed."""
        events = self.events()
        sent = self.nonce(account)
        found: list[str] = []
        for one in told:
            if one.fact == "identity" and one.said != identity:
                found.append(f"identity: {one.said}")
            if one.fact == "nonce" and one.said > sent:
                found.append(f"nonce: {one.said} told, {sent} sent")
            # A block is only asked for where it was final before.
            if one.fact in ("final", "block"):
                found += self._judge_block(one.said)
            if one.fact == "head":
                found += _judge_head(one, events)
            if one.fact == "receipt" and one.said is not None:
                found += self._judge_receipt(one)
            if one.fact == "anchors":
                found += _judge_events(one, events)
        return found

    def _judge_block(self, said: Any) -> list[str]:
        block = self._block(said.number)
        if block is None or (block["hash"], _time(block)) != (_hex(said.hash), said.time):
            return [f"final: {said}"]
        return []

    def _judge_receipt(self, told: Told) -> list[str]:
        true = self.ask("eth_getTransactionReceipt", _hex(told.asked[0]))
        said = (told.said.ok, told.said.block_number, told.said.block_hash)
        if true is None:
            return [f"receipts: {said} of what is not mined"]
        number, block = int(true["blockNumber"], 16), _bytes(true["blockHash"])
        so = (true["status"] == "0x1", number, block)
        return [] if said == so else [f"receipts: {said} told of {so}"]

    def _anchored(self, log: dict[str, Any]) -> Anchored:
        number = int(log["blockNumber"], 16)
        block = self._block(number)
        assert block is not None
        return Anchored(
            log_id=_bytes(log["topics"][1]),
            size=int(log["topics"][2], 16),
            root=_bytes(log["data"])[:32],
            block_number=number,
            block_hash=_bytes(log["blockHash"]),
            transaction=_bytes(log["transactionHash"]),
            log_index=int(log["logIndex"], 16),
            block_time=_time(block),
        )

    def _block(self, number: int) -> dict[str, Any] | None:
        if number not in self._blocks:
            block = self.ask("eth_getBlockByNumber", hex(number), False)
            if block is None:
                return None
            self._blocks[number] = block
        return self._blocks[number]


def anchored(facts: Any) -> Anchored:
    """An anchor as the product told of it, in the oracle's own form."""
    return Anchored(
        log_id=facts.log_id,
        size=facts.head.size,
        root=facts.head.root,
        block_number=facts.block_number,
        block_hash=facts.block_hash,
        transaction=facts.transaction,
        log_index=facts.log_index,
        block_time=facts.block_time,
    )


def _judge_head(told: Told, events: list[Anchored]) -> list[str]:
    mine = [event for event in events if event.log_id == told.asked[0]]
    heads = {(event.size, event.root, event.block_time) for event in mine} | {(0, bytes(32), 0)}
    said = (told.said.head.size, told.said.head.root, told.said.time)
    # A tree of size 0 has a root of its own, while the contract holds none.
    if said in heads or said[0] == said[2] == 0:
        return []
    return [f"head: size {said[0]} root {said[1].hex()}"]


def _judge_events(told: Told, events: list[Anchored]) -> list[str]:
    first, last = told.asked
    said = [anchored(one) for one in told.said]
    within = [event for event in events if first <= event.block_number <= last]
    found = [f"events: {one}" for one in said if one not in within]
    missing = [event for event in within if event not in said]
    return found + [f"complete: size {event.size} is missing" for event in missing]


def _bytes(text: str) -> bytes:
    return bytes.fromhex(text.removeprefix("0x"))


def _hex(raw: bytes) -> str:
    return f"0x{raw.hex()}"


def _time(block: dict[str, Any]) -> int:
    return int(block["timestamp"], 16) * 1000
