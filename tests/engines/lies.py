"""What a node may say that is not so, each lie by its name. Imports nothing of the product.

A lie is asked in place of the true chain, and asks that itself. It tells the same untruth of a thing each
time, in whatever call it is asked for: events stand altered in eth_getLogs and in receipts alike.
"""

import hashlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from tests.engines.truth import ANCHORED

Json = dict[str, Any]
Answer = Json
"""The members ``result`` or ``error`` of a JSON-RPC response."""
Ask = Callable[[str, list[Any]], Awaitable[Answer]]

NEWEST = ("latest", "pending", "safe", "finalized", None)
_HEAD = "0xf339e3b2"  # head(bytes32)
_MORE = 1000


@dataclass(frozen=True)
class Places:
    """Addresses, 0x-hex: the ledger that is asked about, and another one on the same chain."""

    ledger: str
    twin: str


class Lie:
    """Answers as the true node does; each lie alters one kind of thing.

    Attributes:
        lame: it contradicts nobody, so nobody may hold it against the node.
        seconds: how late each answer comes.
        silent: no connection is taken.
        trickles: answers never end.
        broken_off: of each answer half comes, and then the end of the connection.
        stalls: of each answer half comes, and then nothing.
    """

    lame = False
    seconds = 0.0
    silent = False
    trickles = False
    broken_off = False
    stalls = False

    def __init__(self, places: Places) -> None:
        self.places = places
        self.since = 0

    async def begin(self, ask: Ask) -> None:
        """Note the newest block: what is untrue of blocks only is so of later ones."""
        self.since = number_of((await ask("eth_blockNumber", []))["result"])

    def rubbish(self, body: bytes) -> tuple[bytes, ...]:
        """What comes in place of a response with that body, in turn; nothing where it comes as it is."""
        return ()

    async def answer(self, ask: Ask, method: str, params: list[Any]) -> Answer:
        answer = await ask(method, params)
        result = answer.get("result")
        return answer if result is None else {"result": self.alter(method, params, result)}

    def alter(self, method: str, params: list[Any], result: Any) -> Any:
        if method == "eth_getLogs":
            return self.logs(result)
        if method == "eth_getTransactionReceipt":
            return self.receipt(result)
        if method in ("eth_getBlockByNumber", "eth_getBlockByHash"):
            return self.block(result)
        if method == "eth_call" and _input(params[0]).startswith(_HEAD):
            return self.head(result)
        return result

    def logs(self, logs: list[Json]) -> list[Json]:
        return [altered for log in logs for altered in self.log(log)]

    def log(self, log: Json) -> list[Json]:
        """What stands in an event's place."""
        return self.anchor(log) if self.is_anchor(log) else [log]

    def anchor(self, log: Json) -> list[Json]:
        """What stands in an anchor's place."""
        return [log]

    def receipt(self, receipt: Json) -> Json | None:
        return receipt | {"logs": self.logs(receipt["logs"])}

    def block(self, block: Json) -> Json:
        return block

    def head(self, words: str) -> str:
        """What the contract holds for a log: size, root and time, ABI-encoded."""
        return words

    def is_anchor(self, log: Json) -> bool:
        return log["address"].lower() == self.places.ledger and log["topics"][0] == ANCHORED


class InventedEvent(Lie):
    """Beside each anchor another one, of a larger size, in the same block and transaction."""

    def anchor(self, log: Json) -> list[Json]:
        log_id, size = log["topics"][1:]
        topics = [ANCHORED, log_id, word(number_of(size) + _MORE)]
        index = hex(number_of(log["logIndex"]) + 1)
        return [log, with_root(log | {"topics": topics, "logIndex": index})]


class WrongRoot(Lie):
    """Each anchor with another root."""

    def anchor(self, log: Json) -> list[Json]:
        return [with_root(log)]


class OtherPlace(Lie):
    """Each anchor by another transaction, at another place of its block."""

    def anchor(self, log: Json) -> list[Json]:
        name, index = other(log["transactionHash"]), number_of(log["logIndex"])
        return [log | {"transactionHash": name, "logIndex": hex(index + 1)}]


class OtherTime(Lie):
    """Blocks of another time, under their true hashes."""

    def block(self, block: Json) -> Json:
        if number_of(block["number"]) <= self.since:
            return block
        return block | {"timestamp": hex(number_of(block["timestamp"]) + _MORE)}


class Status1(Lie):
    """What the contract refused has succeeded."""

    def receipt(self, receipt: Json) -> Json:
        return receipt | {"status": "0x1"}


class Status0(Lie):
    """What succeeded was refused by the contract."""

    def receipt(self, receipt: Json) -> Json:
        return receipt | {"status": "0x0", "logs": []}


class LaterBlock(Lie):
    """Each transaction was mined in a block that is still to come."""

    def receipt(self, receipt: Json) -> Json:
        number = hex(number_of(receipt["blockNumber"]) + _MORE)
        logs = [log | {"blockNumber": number} for log in receipt["logs"]]
        return receipt | {"blockNumber": number, "logs": logs}


class OtherContract(Lie):
    """The true data of another contract, in place of those of the one that was asked about."""

    async def answer(self, ask: Ask, method: str, params: list[Any]) -> Answer:
        if method in ("eth_call", "eth_getLogs"):
            params = [_moved(params[0], self.places), *params[1:]]
        return await super().answer(ask, method, params)

    def anchor(self, log: Json) -> list[Json]:
        return [log | {"address": self.places.twin}]


class HigherNonce(Lie):
    """The account has sent more than it has."""

    def alter(self, method: str, params: list[Any], result: Any) -> Any:
        if method == "eth_getTransactionCount":
            return hex(number_of(result) + _MORE)
        return super().alter(method, params, result)


class HigherHead(Lie):
    """The contract holds a larger head, of a root that no log ever had."""

    def head(self, words: str) -> str:
        size, root, time = (words[2:][at : at + 64] for at in (0, 64, 128))
        return word(int(size, 16) + _MORE) + other(f"0x{root}")[2:] + time


class OtherCode(Lie):
    """Another contract stands at the ledger's address."""

    def alter(self, method: str, params: list[Any], result: Any) -> Any:
        if method == "eth_getCode":
            return result[:-2] + ("00" if result[-2:] != "00" else "01")
        return super().alter(method, params, result)


class OtherIdentity(OtherCode):
    """Another chain: its first block is another one too."""

    def block(self, block: Json) -> Json:
        if number_of(block["number"]) > 0:
            return block
        return block | {"hash": other(block["hash"])}


def with_root(log: Json) -> Json:
    """The same anchor with another root: the first word of its data."""
    data = log["data"]
    return log | {"data": other(data[:66]) + data[66:]}


def other(text: str) -> str:
    """32 bytes in place of others, the same each time."""
    return f"0x{hashlib.sha256(text.encode()).hexdigest()}"


def number_of(text: Any) -> int:
    return int(text, 16)


def word(number: int) -> str:
    return f"0x{number:064x}"


def _moved(asked: Json, places: Places) -> Json:
    """The same question about the other contract."""
    return {
        name: places.twin if isinstance(value, str) and value.lower() == places.ledger else value
        for name, value in asked.items()
    }


def _input(call: Json) -> str:
    return str(call.get("data") or call.get("input") or "")
