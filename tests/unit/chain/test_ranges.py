"""How anchor events are asked for: in pieces, by integers, and nothing outside of what was asked."""

import asyncio

import pytest

from ledger.chain.abi import contract
from ledger.chain.events import read_anchors
from ledger.chain.rpc import Rpc
from ledger.errors import UnavailableError
from tests.unit.chain.node import node

ADDRESS = b"\x0a" * 20
TOPIC = contract("TreeHeadLedger").events["TreeHeadAnchored"].topic


def event(block: int, size: int, index: int = 0) -> dict:
    return {
        "address": "0x" + ADDRESS.hex(),
        "topics": ["0x" + each.hex() for each in (TOPIC, b"\x0b" * 32, size.to_bytes(32, "big"))],
        "data": "0x" + (b"\x0c" * 32 + bytes(64)).hex(),
        "blockNumber": hex(block),
        "blockHash": f"0x{block:064x}",
        "transactionHash": "0x" + "06" * 32,
        "logIndex": hex(index),
        "removed": False,
    }


class Engine:
    """A node that holds these events, in whatever order."""

    def __init__(self, events: list[dict], *, obeys: bool = True) -> None:
        self.events, self.obeys = events, obeys
        self.filters: list[dict] = []

    def logs(self, params: list) -> list[dict]:
        (wanted,) = params
        self.filters.append(wanted)
        first, last = (int(wanted[name], 16) for name in ("fromBlock", "toBlock"))
        return [
            each
            for each in self.events
            if not self.obeys or first <= int(each["blockNumber"], 16) <= last
        ]

    def block(self, params: list) -> dict:
        number = int(params[0], 16)
        return {"number": hex(number), "hash": f"0x{number:064x}", "timestamp": hex(1000 + number)}

    def read(self, first: int, last: int):
        async def run(url: str):
            rpc = Rpc(url, timeout=5)
            try:
                return await read_anchors(rpc, ADDRESS, first, last)
            finally:
                rpc.close()

        with node({"eth_getLogs": self.logs, "eth_getBlockByNumber": self.block}) as (url, _):
            return asyncio.run(run(url))


def test_a_long_range_is_asked_in_pieces_that_meet_and_by_integers():
    engine = Engine([event(5000, 9), event(2000, 5, 1), event(2000, 4, 0), event(3, 2)])
    found = engine.read(3, 5000)
    assert [one.head.size for one in found] == [2, 4, 5, 9]
    assert [one.block_time for one in found] == [1_003_000, 3_000_000, 3_000_000, 6_000_000]
    spans = [(each["fromBlock"], each["toBlock"]) for each in engine.filters]
    assert spans == [("0x3", hex(2002)), (hex(2003), hex(4002)), (hex(4003), hex(5000))]
    for each in engine.filters:
        assert (each["address"], each["topics"]) == ("0x" + ADDRESS.hex(), ["0x" + TOPIC.hex()])


def test_a_range_before_the_first_block_begins_there():
    engine = Engine([event(0, 1)])
    assert [one.head.size for one in engine.read(-5, 0)] == [1]
    assert engine.filters[0]["fromBlock"] == "0x0"


def test_an_event_outside_of_what_was_asked_is_a_broken_answer():
    with pytest.raises(UnavailableError) as broken:
        Engine([event(7, 1)], obeys=False).read(1, 6)
    assert broken.value.code == "chain_answer_malformed"
