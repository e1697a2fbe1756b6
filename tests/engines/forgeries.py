"""Lies that reach over several answers: a fork, and events out of nothing. Imports nothing of the product."""

import asyncio
from typing import Any

from tests.engines.lies import NEWEST, Answer, Ask, Json, Lie, number_of, other, with_root, word
from tests.engines.truth import ANCHORED

_SIZE = 9000
_LOOK = 0.05


class OtherBlockHash(Lie):
    """A fork: every block since has another hash, in whatever it is named."""

    async def begin(self, ask: Ask) -> None:
        await super().begin(ask)
        self._true: dict[str, str] = {}

    async def answer(self, ask: Ask, method: str, params: list[Any]) -> Answer:
        if method == "eth_getBlockByHash":
            params = [self._true.get(params[0], params[0]), *params[1:]]
        answer = await super().answer(ask, method, params)
        if method == "eth_getTransactionByHash" and answer.get("result"):
            answer["result"] = self._forked(answer["result"])
        return answer

    def log(self, log: Json) -> list[Json]:
        return [self._forked(log)]

    def receipt(self, receipt: Json) -> Json:
        return self._forked(receipt | {"logs": self.logs(receipt["logs"])})

    def block(self, block: Json) -> Json:
        number = number_of(block["number"])
        hashes = {}
        if number > self.since:
            hashes["hash"] = self._other(block["hash"])
        if number > self.since + 1:
            hashes["parentHash"] = self._other(block["parentHash"])
        return block | hashes

    def _forked(self, thing: Json) -> Json:
        if number_of(thing["blockNumber"]) <= self.since:
            return thing
        return thing | {"blockHash": self._other(thing["blockHash"])}

    def _other(self, true: str) -> str:
        said = other(true)
        self._true[said] = true
        return said


class EventFromNothing(Lie):
    """One anchor in a block where nothing was, with the receipt of a transaction that never was."""

    async def begin(self, ask: Ask) -> None:
        await super().begin(ask)
        wanted = {"address": self.places.ledger, "topics": [ANCHORED], "fromBlock": "0x0"}
        (like, *_) = (await ask("eth_getLogs", [wanted | {"toBlock": "latest"}]))["result"]
        # An engine that knows no such call makes blocks by itself.
        await ask("evm_mine", [])
        self._number = self.since + 1
        while number_of((await ask("eth_blockNumber", []))["result"]) < self._number:
            await asyncio.sleep(_LOOK)
        block = (await ask("eth_getBlockByNumber", [hex(self._number), False]))["result"]
        whole = (await ask("eth_getTransactionReceipt", [like["transactionHash"]]))["result"]
        where = {"blockNumber": block["number"], "blockHash": block["hash"]}
        where |= {"transactionHash": other(block["hash"]), "transactionIndex": "0x0"}
        topics = [ANCHORED, like["topics"][1], word(_SIZE)]
        self._event = with_root(like | where | {"topics": topics, "logIndex": "0x0"})
        self._receipt = whole | where | {"logs": [self._event]}
        self._name = where["transactionHash"]

    async def answer(self, ask: Ask, method: str, params: list[Any]) -> Answer:
        if method == "eth_getTransactionReceipt" and params[0] == self._name:
            return {"result": self._receipt}
        answer = await super().answer(ask, method, params)
        if method == "eth_getLogs" and "result" in answer and self._is_asked(params[0]):
            logs = [*answer["result"], self._event]
            answer["result"] = sorted(logs, key=lambda log: number_of(log["blockNumber"]))
        return answer

    def _is_asked(self, wanted: Json) -> bool:
        if "blockHash" in wanted:
            return bool(wanted["blockHash"] == self._event["blockHash"])
        first, last = wanted.get("fromBlock"), wanted.get("toBlock")
        begun = first not in NEWEST and number_of(first) <= self._number
        return begun and (last in NEWEST or self._number <= number_of(last))


class InventedTransaction(EventFromNothing):
    """The same, and the block names the transaction too."""

    def block(self, block: Json) -> Json:
        if number_of(block["number"]) != self._number:
            return block
        return block | {"transactions": [self._name]}
