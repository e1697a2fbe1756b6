"""How a node may fail to say what is so, without contradicting anybody. Imports nothing of the product."""

from typing import Any

from tests.engines.lies import NEWEST, Answer, Ask, Json, Lie, number_of, other, word

_PAGE = b"<html><head><title>502 Bad Gateway</title></head></html>"
_OF_STATE = ("eth_call", "eth_getTransactionCount", "eth_getCode")


class Lame(Lie):
    """Whatever such a node does, it may be in order tomorrow. By itself: no lie at all."""

    lame = True


class Late(Lame):
    """Every answer comes too late."""

    seconds = 2.0


class Silent(Lame):
    """Connections are refused."""

    silent = True


class Broken(Lame):
    """Pages, halves of answers, and answers to nothing that was asked."""

    def rubbish(self, body: bytes) -> tuple[bytes, ...]:
        return (body[: len(body) // 2], _PAGE, b"", b"[]", b"[7]", b"{}", b"null", b"\xff\xfe")


class Deep(Lame):
    """An answer so deep that a decoder may run out of stack."""

    def rubbish(self, body: bytes) -> tuple[bytes, ...]:
        return (b"[" * 200_000,)


class Trickling(Lame):
    """Each answer comes byte by byte and never ends."""

    trickles = True


class BrokenOff(Lame):
    """Each answer ends in its middle: the node died, or the line to it was cut."""

    broken_off = True


class Stalled(Lame):
    """Each answer stops in its middle, and the connection stays."""

    stalls = True


class OldHead(Lame):
    """The whole chain as it was when this began; transactions are passed on."""

    async def answer(self, ask: Ask, method: str, params: list[Any]) -> Answer:
        if method == "eth_blockNumber":
            return {"result": hex(self.since)}
        if method == "eth_getBlockByNumber":
            return await self._block_at(ask, params)
        if method in _OF_STATE:
            return await self._state_at(ask, method, params)
        if method == "eth_getLogs":
            return await self._logs_until(ask, params[0])
        return await self._if_old(ask, method, params)

    async def _block_at(self, ask: Ask, params: list[Any]) -> Answer:
        number = self._number(params[0])
        if number > self.since:
            return {"result": None}
        return await ask("eth_getBlockByNumber", [hex(number), *params[1:]])

    async def _state_at(self, ask: Ask, method: str, params: list[Any]) -> Answer:
        number = self._number(params[1] if params[1:] else None)
        if number > self.since:
            return _failed("header not found")
        return await ask(method, [params[0], hex(number)])

    async def _logs_until(self, ask: Ask, wanted: Json) -> Answer:
        if "blockHash" not in wanted:
            wanted = wanted | {"toBlock": hex(min(self._number(wanted.get("toBlock")), self.since))}
        answer = await ask("eth_getLogs", [wanted])
        if "result" in answer:
            old = [log for log in answer["result"] if number_of(log["blockNumber"]) <= self.since]
            answer["result"] = old
        return answer

    async def _if_old(self, ask: Ask, method: str, params: list[Any]) -> Answer:
        """What names no block: blocks by hash, transactions, receipts."""
        answer = await ask(method, params)
        found = answer.get("result")
        if isinstance(found, dict):
            at = found.get("blockNumber", found.get("number"))
            if at is not None and number_of(at) > self.since:
                return {"result": None}
        return answer

    def _number(self, tag: str | None) -> int:
        return self.since if tag in NEWEST else number_of(tag)


class WithheldEvent(Lame):
    """Anchors are left out, and what is known of their transactions."""

    def anchor(self, log: Json) -> list[Json]:
        return []

    def receipt(self, receipt: Json) -> Json | None:
        return None if any(self.is_anchor(log) for log in receipt["logs"]) else receipt


class NotFound(WithheldEvent):
    """The same, and some engines answer with an error in place of a receipt."""

    async def answer(self, ask: Ask, method: str, params: list[Any]) -> Answer:
        answer = await super().answer(ask, method, params)
        if method == "eth_getTransactionReceipt" and answer["result"] is None:
            return _failed("ethereum tx not found")
        return answer


class PendingReceipt(Lame):
    """What is mined waits still: a receipt without a block."""

    def receipt(self, receipt: Json) -> Json:
        return receipt | {"blockHash": None, "blockNumber": None, "logs": [], "status": "0x1"}


class Swallowed(Lame):
    """Transactions are taken with thanks and forgotten."""

    async def answer(self, ask: Ask, method: str, params: list[Any]) -> Answer:
        if method == "eth_sendRawTransaction":
            return {"result": other(params[0])}
        return await super().answer(ask, method, params)


class Refused(Lame):
    """Each call of a contract is refused with a reason, as if the contract had said so."""

    async def answer(self, ask: Ask, method: str, params: list[Any]) -> Answer:
        if method == "eth_call":
            return {"error": {"code": 3, "message": "execution reverted", "data": "0x"}}
        return await super().answer(ask, method, params)


class ImpossibleHead(Lame):
    """The contract holds a head that no log can have."""

    def head(self, words: str) -> str:
        return word((1 << 64) - 1) + words[66:]


def _failed(message: str) -> Answer:
    return {"error": {"code": -32000, "message": message}}
