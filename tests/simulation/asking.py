"""Requests to a simulated node's own HTTP face, without sockets."""

import json
from dataclasses import dataclass
from typing import Any

from tests.simulation.region import Region


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    headers: dict[str, str]
    data: bytes

    @property
    def body(self) -> Any:
        """The JSON of it."""
        return json.loads(self.data)


async def ask(region: Region, method: str, path: str, body: bytes = b"", media: str = "") -> Answer:
    """One request; raises ConnectionLostError where nobody answers."""
    return await region.ask(lambda node: _answer(node.app, method, path, body, media))


async def _answer(app, method: str, path: str, body: bytes, media: str) -> Answer:
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "scheme": "http",
        "method": method, "path": path, "raw_path": path.encode(), "query_string": b"",
        "root_path": "", "headers": [(b"content-type", media.encode())],
        "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 80),
    }  # fmt: skip
    await app(scope, receive, send)
    headers = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
    return Answer(sent[0]["status"], headers, b"".join(one.get("body", b"") for one in sent[1:]))
