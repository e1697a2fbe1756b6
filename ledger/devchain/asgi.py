"""The dev chain as an ASGI app: JSON-RPC 2.0 over HTTP POST, single calls and batches."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, MutableMapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from eth_tester.backends.pyevm.main import PyEVMBackend

from ledger.devchain.backend import DurableBackend
from ledger.devchain.faults import RpcFault
from ledger.devchain.genesis import Genesis
from ledger.devchain.methods import invoke
from ledger.errors import FatalError

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

_MAX_BODY = 4 * 2**20
_MAX_BATCH = 1000


class DevChainApp:
    """ASGI app over one backend; every call runs in the one thread that py-evm may be used from.

    ``failed`` is the error after which the chain no longer answers: what it promised may not be on
    disk. It then calls ``on_failure``, and whoever serves it must stop.
    """

    def __init__(self, backend: DurableBackend) -> None:
        if not isinstance(backend, PyEVMBackend):
            raise FatalError("devchain_backend", "the backend is not eth-tester's py-evm backend")
        self._backend = backend
        self._worker = ThreadPoolExecutor(max_workers=1, thread_name_prefix="devchain")
        self.failed: FatalError | None = None
        self.on_failure: Callable[[], None] = lambda: None

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] == "lifespan":
            await _lifespan(receive, send)
        elif scope["type"] != "http":
            await send({"type": "websocket.close", "code": 1000})
        elif scope["method"] != "POST":
            await _respond(send, 405, b'{"error":"POST JSON-RPC here"}')
        else:
            await self._post(receive, send)

    async def _post(self, receive: Receive, send: Send) -> None:
        body = await _read(receive)
        if body is None:
            await _respond(send, 413, b'{"error":"body too large"}')
            return
        if self.failed is not None:
            await _respond(send, 503, b'{"error":"the chain has stopped"}')
            return
        loop = asyncio.get_running_loop()
        try:
            answer = await loop.run_in_executor(self._worker, self._answer, body)
        except FatalError as error:
            self.failed = error
            await _respond(send, 503, b'{"error":"the chain has stopped"}')
            self.on_failure()
            return
        await _respond(send, 200, json.dumps(answer).encode())

    def _answer(self, body: bytes) -> object:
        try:
            request = json.loads(body)
        except (ValueError, RecursionError):
            return _failure(None, RpcFault(-32700, "parse error"))
        if not isinstance(request, list):
            return self._one(request)
        if not 1 <= len(request) <= _MAX_BATCH:
            return _failure(None, RpcFault(-32600, f"a batch has 1 to {_MAX_BATCH} calls"))
        return [self._one(each) for each in request]

    def _one(self, request: object) -> dict[str, Any]:
        if not isinstance(request, dict):
            return _failure(None, RpcFault(-32600, "invalid request"))
        call_id = request.get("id")
        try:
            result = invoke(self._backend, request.get("method"), request.get("params"))
        except RpcFault as fault:
            return _failure(call_id, fault)
        return {"jsonrpc": "2.0", "id": call_id, "result": result}

    def close(self) -> None:
        """Finish what runs and release the file."""
        self._worker.shutdown(wait=True)
        self._backend.close()


def app(path: Path | None, genesis: Genesis) -> DevChainApp:
    """The dev chain whose state is in the SQLite file ``path``, or in memory.

    Raises UnavailableError(devchain_in_use), FatalError(devchain_mismatch).
    """
    return DevChainApp(DurableBackend(path, genesis))


def _failure(call_id: object, fault: RpcFault) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "id": call_id, "error": fault.to_json()}


async def _read(receive: Receive) -> bytes | None:
    parts: list[bytes] = []
    size = 0
    more = True
    while more:
        message = await receive()
        part: bytes = message.get("body", b"")
        size += len(part)
        if size > _MAX_BODY or message["type"] == "http.disconnect":
            return None
        parts.append(part)
        more = message.get("more_body", False)
    return b"".join(parts)


async def _respond(send: Send, status: int, body: bytes) -> None:
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def _lifespan(receive: Receive, send: Send) -> None:
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return
