"""The limits on bodies, announced or not, answered as problems like everything else."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ledger.api.problems import answer
from ledger.api.room import FullError, Place, Room
from ledger.problems import problem

SMALL: Final = 64 * 1024
"""Bodies up to this size never wait: a single record must not stand behind batches."""
_ROOM: Final = 24 * 2**20


class BodyLimit:
    """ASGI middleware that takes at most so many bytes of a body, and of all bodies at once.

    The framework's own limit puts plain text in the place of any answer of ours.

    Args:
        most: bytes of any body.
        between_nodes: bytes at the addresses that end in one of these: what another region's node sends
            must not hang on this region's settings, nor wait for what firms send.
    """

    def __init__(self, app: ASGIApp, most: int, between_nodes: Mapping[str, int]) -> None:
        self._app = app
        self._most = most
        self._between_nodes = between_nodes
        self._room = Room(max(_ROOM, most))
        self._between = Room(max(_ROOM, *between_nodes.values()) if between_nodes else _ROOM)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Turn an announced excess away; count what comes unannounced."""
        last = scope.get("path", "").rpartition("/")[2]
        most = self._between_nodes.get(last, self._most)
        size = _announced(scope, most)
        if size > most:
            too_large = problem(413, "body_too_large", f"a body may have {most} bytes")
            await answer(too_large, {})(scope, receive, send)
            return
        if size <= SMALL:
            await self._app(scope, _counted(receive, most), send)
            return
        try:
            async with (self._between if last in self._between_nodes else self._room)(
                size
            ) as place:
                await self._app(scope, _counted(_hurried(receive, place), most), send)
        except FullError:
            busy = problem(429, "too_many_bodies", "too many large bodies arrive at once")
            await answer(busy, {"Retry-After": "1"})(scope, receive, send)


def _announced(scope: Scope, most: int) -> int:
    headers = dict(scope.get("headers", ()))
    length = headers.get(b"content-length", b"")
    if length.isdigit():
        return int(length)
    return most if b"transfer-encoding" in headers else 0


def _counted(receive: Receive, most: int) -> Receive:
    taken = 0

    async def counted() -> Message:
        nonlocal taken
        message = await receive()
        taken += len(message.get("body", b""))
        if taken > most:
            raise HTTPException(413, f"a body may have {most} bytes")
        return message

    return counted


def _hurried(receive: Receive, place: Place) -> Receive:
    """Read until all is here, or others have waited too long for this one."""

    async def hurried() -> Message:
        try:
            async with place.arriving():
                message = await receive()
        except TimeoutError as error:
            raise HTTPException(408, "the body came too slowly while others waited") from error
        if not message.get("more_body", False):
            place.arrived()
        return message

    return hurried
