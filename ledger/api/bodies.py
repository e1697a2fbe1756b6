"""The limit on bodies, announced or not, answered as a problem like everything else."""

from __future__ import annotations

from collections.abc import Mapping

from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ledger.api.problems import answer
from ledger.problems import problem


class BodyLimit:
    """ASGI middleware that takes at most so many bytes of a body.

    The framework's own limit puts plain text in the place of any answer of ours.

    Args:
        most: bytes of any body.
        between_nodes: bytes at the addresses that end in one of these: what another region's node sends
            must not hang on this region's settings.
    """

    def __init__(self, app: ASGIApp, most: int, between_nodes: Mapping[str, int]) -> None:
        self._app = app
        self._most = most
        self._between_nodes = between_nodes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Turn an announced excess away; count what comes unannounced."""
        length = dict(scope.get("headers", ())).get(b"content-length", b"")
        last = scope.get("path", "").rpartition("/")[2]
        most = self._between_nodes.get(last, self._most)
        said = f"a body may have {most} bytes"
        if length.isdigit() and int(length) > most:
            await answer(problem(413, "body_too_large", said), {})(scope, receive, send)
            return
        taken = 0

        async def counted() -> Message:
            nonlocal taken
            message = await receive()
            taken += len(message.get("body", b""))
            if taken > most:
                raise HTTPException(413, said)
            return message

        await self._app(scope, counted, send)
