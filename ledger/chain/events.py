"""Anchor events: asked for by block range, address and topic, and decoded strictly."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ledger.chain import answers
from ledger.chain.abi import contract
from ledger.chain.rpc import Rpc
from ledger.chain.sending import ask, ask_all
from ledger.errors import InputError, UnavailableError
from ledger.values import AnchorFacts, Millis, TreeHead

# Nodes limit how much one eth_getLogs may look through; a range is asked in pieces of this size.
_PIECE = 2000


@dataclass(frozen=True, slots=True)
class AnchorEvent:
    """A TreeHeadAnchored event, before its block's time is known."""

    log_id: bytes
    head: TreeHead
    block_number: int
    block_hash: bytes
    transaction: bytes
    log_index: int

    def facts(self, block_time: Millis) -> AnchorFacts:
        """The event with its block's time."""
        return AnchorFacts(
            log_id=self.log_id,
            head=self.head,
            block_number=self.block_number,
            block_hash=self.block_hash,
            transaction=self.transaction,
            log_index=self.log_index,
            block_time=block_time,
        )


def read_event(log: object, address: bytes) -> AnchorEvent | None:
    """Decode a log entry of the ledger at that address; None where it is of another kind or removed.

    Raises UnavailableError(chain_answer_malformed).
    """
    element = contract("TreeHeadLedger").events["TreeHeadAnchored"]
    topics = [answers.data(each, 32) for each in answers.items(answers.member(log, "topics"))]
    if answers.data(answers.member(log, "address"), 20) != address:
        return None
    if topics[:1] != [element.topic] or (isinstance(log, dict) and log.get("removed") is True):
        return None
    body = answers.data(answers.member(log, "data"), 96)
    if len(topics) != 3:
        raise UnavailableError("chain_answer_malformed", "an anchor event has not three topics")
    size = int.from_bytes(topics[2], "big")
    try:
        head = TreeHead(size, body[:32])
    except InputError as error:
        raise UnavailableError("chain_answer_malformed", error.detail) from error
    return AnchorEvent(
        log_id=topics[1],
        head=head,
        block_number=answers.number(answers.member(log, "blockNumber")),
        block_hash=answers.data(answers.member(log, "blockHash"), 32),
        transaction=answers.data(answers.member(log, "transactionHash"), 32),
        log_index=answers.number(answers.member(log, "logIndex"), 2**31),
    )


async def read_anchors(rpc: Rpc, address: bytes, first: int, last: int) -> list[AnchorFacts]:
    """Anchor events of the blocks first to last (inclusive), in order of block and log index.

    Raises UnavailableError; also when the chain moved while it was read.
    """
    events: list[AnchorEvent] = []
    for start in range(max(first, 0), last + 1, _PIECE):
        events += await _piece(rpc, address, start, min(start + _PIECE - 1, last))
    times = await block_times(rpc, {event.block_number: event.block_hash for event in events})
    return [event.facts(times[event.block_hash]) for event in events]


async def block_times(rpc: Rpc, wanted: Mapping[int, bytes]) -> dict[bytes, Millis]:
    """Times of the blocks with these numbers, by hash.

    Raises UnavailableError(chain_moved) where a number no longer has that hash.
    """
    numbers = sorted(wanted)
    found = await ask_all(rpc, [("eth_getBlockByNumber", (hex(each), False)) for each in numbers])
    times: dict[bytes, Millis] = {}
    for number, value in zip(numbers, found, strict=True):
        block = None if value is None else answers.block(value)
        if block is None or block.hash != wanted[number]:
            raise UnavailableError("chain_moved", f"block {number} was replaced while it was read")
        times[block.hash] = block.time
    return times


async def _piece(rpc: Rpc, address: bytes, first: int, last: int) -> list[AnchorEvent]:
    topic = contract("TreeHeadLedger").events["TreeHeadAnchored"].topic
    # Integers only: on some engines the word 'earliest' finds nothing, and says nothing.
    logs = await ask(
        rpc,
        "eth_getLogs",
        {
            "address": "0x" + address.hex(),
            "topics": ["0x" + topic.hex()],
            "fromBlock": hex(first),
            "toBlock": hex(last),
        },
    )
    read = (read_event(log, address) for log in answers.items(logs))
    events = sorted(
        (event for event in read if event is not None),
        key=lambda event: (event.block_number, event.log_index),
    )
    if any(not first <= event.block_number <= last for event in events):
        raise UnavailableError(
            "chain_answer_malformed", "an event lies outside the range asked for"
        )
    return events
