"""A name for every request, in the log and in the answer, so that an author's complaint finds its lines."""

from __future__ import annotations

import logging
import re
from contextvars import ContextVar
from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ledger.ports import Clock, Random

REQUEST_ID: ContextVar[str] = ContextVar("request_id", default="")
_LOG = logging.getLogger(__name__)
_HEADER: Final = b"x-request-id"
# What a stranger names goes into our log: no line ends, no more than a line's worth.
_GOOD: Final = re.compile(rb"[A-Za-z0-9._-]{1,64}")


class RequestIds:
    """ASGI middleware: takes the client's name of a request or makes one, and logs one line for each.

    The line has method, path, status and milliseconds: never a query, a header or a body, which may hold
    what only some may read.
    """

    def __init__(self, app: ASGIApp, clock: Clock, random: Random) -> None:
        self._app = app
        self._clock = clock
        self._random = random

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on under its name."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        given = dict(scope["headers"]).get(_HEADER, b"")
        name = given if _GOOD.fullmatch(given) else self._random.bytes(8).hex().encode()
        # Whoever raises instead of answering is answered with 500, further out.
        start, status = self._clock.monotonic(), 500

        async def named(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message.get("headers", ()), (_HEADER, name)]
            await send(message)

        before = REQUEST_ID.set(name.decode())
        try:
            await self._app(scope, receive, named)
        finally:
            # The regions ask one another several times a second: what went well and only read is for `debug`.
            reads = scope["method"] in {"GET", "HEAD"} and status < 400
            _LOG.log(
                logging.DEBUG if reads else logging.INFO,
                "request",
                extra={
                    "method": scope["method"],
                    "path": scope["path"],
                    "status": status,
                    "ms": round((self._clock.monotonic() - start) * 1000, 1),
                },
            )
            REQUEST_ID.reset(before)
