"""A chain's node of one authority that may lie: a proxy before the true node, its lie changed while it runs.

What it says of the chain is altered by a lie (``lies.py`` and its neighbours); how it answers, or fails to,
stands here. Imports nothing of the product.
"""

import asyncio
import json
import socket
from collections import Counter
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from tests.engines.lameness import Lame
from tests.engines.lies import Answer, Lie, Places
from tests.faults.serving import Serving
from tests.faults.wire import body_of, message, nonce_of

_PATIENCE = 0.05
_HEAD = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: "


@dataclass
class Liar:
    """One node; honest until told otherwise.

    Attributes:
        authority: who runs it.
        truth: address of the true node.
        asked: how often each method was asked for.
        sent: every transaction it was handed, by nonce.
    """

    authority: str
    truth: str
    asked: Counter[str] = field(default_factory=Counter)
    sent: dict[int, set[bytes]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.lie: Lie = Lame(Places("", ""))
        self._port = 0
        self._serving = Serving()
        self._held: socket.socket | None = None
        self._answered = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    async def become(self, lie: Lie) -> None:
        """Tell this lie from now on; the lie looks at the true chain before it begins."""
        await lie.begin(self._ask)
        if lie.silent and not self.lie.silent:
            await self._close()
            self._held = _bound(self._port)
        if self.lie.silent and not lie.silent:
            await self._open()
        self.lie = lie

    async def __aenter__(self) -> "Liar":
        self._held = _bound(0)
        self._port = self._held.getsockname()[1]
        await self._open()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._close()

    async def _open(self) -> None:
        await self._serving.listen(self._serve, self._held)
        self._held = None

    async def _close(self) -> None:
        if self._held is not None:
            self._held.close()
        await self._serving.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while body := await _body(reader):
            answer = _response(await self._respond(json.loads(body)))
            if self.lie.trickles:
                await _trickle(writer)
            if self.lie.broken_off or self.lie.stalls:
                await _come_halfway(writer, answer, reader if self.lie.stalls else None)
                return
            writer.write(answer)
            await writer.drain()

    async def _respond(self, request: Any) -> bytes:
        lie = self.lie
        await asyncio.sleep(lie.seconds)
        calls = request if isinstance(request, list) else [request]
        answers = [await self._one(lie, call) for call in calls]
        body = json.dumps(answers if isinstance(request, list) else answers[0]).encode()
        return self._spoilt(lie, body)

    async def _one(self, lie: Lie, call: dict[str, Any]) -> dict[str, Any]:
        method, params = call["method"], list(call.get("params") or [])
        self.asked[method] += 1
        if method == "eth_sendRawTransaction":
            raw = bytes.fromhex(params[0].removeprefix("0x"))
            self.sent.setdefault(nonce_of(raw), set()).add(raw)
        return {
            "jsonrpc": "2.0",
            "id": call.get("id"),
            **await lie.answer(self._ask, method, params),
        }

    def _spoilt(self, lie: Lie, body: bytes) -> bytes:
        """One kind of rubbish after the other."""
        self._answered += 1
        kinds = lie.rubbish(body)
        return kinds[self._answered % len(kinds)] if kinds else body

    async def _ask(self, method: str, params: list[Any]) -> Answer:
        """What the true node answers, without the envelope."""
        there = urlsplit(self.truth)
        # A connection for each, so that a chain that was started again is found at once.
        reader, writer = await asyncio.open_connection(there.hostname, there.port)
        try:
            call = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
            writer.write(_request(there.netloc, json.dumps(call).encode()))
            body = await _body(reader)
        finally:
            writer.close()
        if not body:
            raise ConnectionResetError("the true node has gone")
        said = json.loads(body)
        return {name: said[name] for name in ("result", "error") if name in said}


def _bound(port: int) -> socket.socket:
    """A socket that holds the port; until it listens, connections are refused."""
    held = socket.socket()
    held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    held.bind(("127.0.0.1", port))
    return held


async def _trickle(writer: asyncio.StreamWriter) -> None:
    """Spaces, which JSON allows before it begins, until the other side has had enough."""
    writer.write(f"{_HEAD}1000000000\r\n\r\n".encode())
    while True:
        writer.write(b" ")
        await writer.drain()
        await asyncio.sleep(_PATIENCE)


async def _come_halfway(
    writer: asyncio.StreamWriter, answer: bytes, until_gone: asyncio.StreamReader | None
) -> None:
    """The answer but for the last bytes of its body, which it has announced; then wait for the other side."""
    writer.write(answer[:-1])
    await writer.drain()
    if until_gone is not None:
        await until_gone.read()


async def _body(reader: asyncio.StreamReader) -> bytes:
    """The body of one HTTP message; empty where the other side has ended."""
    return body_of(await message(reader))


def _request(host: str, body: bytes) -> bytes:
    head = f"POST / HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\n"
    return f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body


def _response(body: bytes) -> bytes:
    return f"{_HEAD}{len(body)}\r\n\r\n".encode() + body
