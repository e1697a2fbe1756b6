"""Sockets that servers listen on, and what one connection may take of a server's memory and patience."""

from __future__ import annotations

import asyncio
import socket
from typing import Final

import orjson
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from ledger.problems import MEDIA_TYPE, problem

MOST_CONNECTIONS: Final = 1024
MOST_HEAD: Final = 32 * 1024
_FRAMING: Final = 8
"""Bytes of a request that are not its body: so many, and more for each byte of it, as small chunks need."""
MOST_UNSENT: Final = 64 * 2**20
"""Bytes of answers, of all connections together, that their clients have not fetched."""
HEAD_SECONDS: Final = 10.0
BODY_SECONDS: Final = 60.0
UNSENT_SECONDS: Final = 60.0
"""How long a head may take, a body, and a client that fetches nothing of its answer."""


def listen(host: str, port: int) -> socket.socket:
    """A listening TCP socket (port 0: any free one); its connections send small answers at once.

    Raises OSError.
    """
    listening = socket.create_server((host, port))
    # Accepted connections inherit it. asyncio sets it on sockets of its own only: without it the body of an
    # answer waits up to 40 ms for the client to acknowledge the headers.
    listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listening


class BoundedConnection(HttpToolsProtocol):
    """uvicorn's connection with limits that uvicorn has none for; give it to ``uvicorn.Config(http=…)``.

    A header without an end costs the parser the square of its length, and whoever sends nothing more, or
    fetches nothing, would be waited for for ever.
    """

    _received = 0
    _taken = 0
    _since = 0.0
    _inside = False
    _deadline: asyncio.TimerHandle | None = None
    _stalled: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Take it; where there are too many, the one that has waited longest goes."""
        super().connection_made(transport)
        self._since = self.loop.time()
        self._expect(HEAD_SECONDS)
        if len(self.connections) > MOST_CONNECTIONS:
            self._longest_silent().transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget what was waited for."""
        super().connection_lost(exc)
        for timer in (self._deadline, self._stalled):
            if timer is not None:
                timer.cancel()

    def data_received(self, data: bytes) -> None:
        """Count what is not body while a request comes in."""
        if not self._inside and self._deadline is None:
            self._expect(HEAD_SECONDS)
        self._received += len(data)
        super().data_received(data)
        if self._received - self._taken > MOST_HEAD + _FRAMING * self._taken:
            self._refuse()

    def on_headers_complete(self) -> None:
        """The body has a time of its own."""
        self._inside = True
        self._expect(BODY_SECONDS)
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """Read on only when the app asks for more."""
        self._taken += len(body)
        super().on_body(body)
        if self.cycle.body and not self.cycle.response_complete:
            self.flow.pause_reading()

    def on_message_complete(self) -> None:
        """All is here."""
        self._received, self._taken, self._inside = 0, 0, False
        self._since = self.loop.time()
        self._expect(None)
        super().on_message_complete()

    def pause_writing(self) -> None:
        """The client does not fetch its answer."""
        super().pause_writing()
        if self._stalled is None:
            self._stalled = self.loop.call_later(UNSENT_SECONDS, self.transport.abort)
        unsent = [one for one in self._all() if one.flow.write_paused]
        left = sum(one.transport.get_write_buffer_size() for one in unsent)
        for one in sorted(unsent, key=_since):
            if left <= MOST_UNSENT:
                break
            left -= one.transport.get_write_buffer_size()
            one.transport.abort()

    def resume_writing(self) -> None:
        """It does again."""
        super().resume_writing()
        if self._stalled is not None:
            self._stalled.cancel()
            self._stalled = None

    def _expect(self, seconds: float | None) -> None:
        """End the connection unless it comes further within that time."""
        if self._deadline is not None:
            self._deadline.cancel()
        close = self.transport.close
        self._deadline = None if seconds is None else self.loop.call_later(seconds, close)

    def _refuse(self) -> None:
        if self.transport.is_closing():
            return
        if not self._is_answering():
            body = orjson.dumps(
                problem(431, "head_too_large", "the head of a request is too large")
            )
            head = (
                "HTTP/1.1 431 Request Header Fields Too Large\r\n"
                f"content-type: {MEDIA_TYPE}\r\ncontent-length: {len(body)}\r\n"
                "connection: close\r\n\r\n"
            )
            self.transport.write(head.encode() + body)
        self.transport.close()

    def _all(self) -> list[BoundedConnection]:
        return [one for one in self.connections if isinstance(one, BoundedConnection)]

    def _is_answering(self) -> bool:
        # There is no cycle before the first request.
        cycle: RequestResponseCycle | None = self.cycle
        return cycle is not None and not cycle.response_complete

    def _longest_silent(self) -> BoundedConnection:
        """One that owes the rest of a request, or has none; else this one, which came too late."""
        return min(filter(_is_silent, self._all()), key=_since, default=self)


def _is_silent(connection: BoundedConnection) -> bool:
    return connection._inside or not connection._is_answering()  # noqa: SLF001 - of its own class


def _since(connection: BoundedConnection) -> float:
    return connection._since  # noqa: SLF001 - as above
