"""web3's HTTP transport, kept from what a node could do with it: answers without end, too deep, elsewhere."""

from __future__ import annotations

import time
from typing import Any, cast

import orjson
from eth_typing import URI
from requests import Response
from requests.exceptions import ConnectionError as BrokenOffError
from requests.exceptions import HTTPError, ReadTimeout
from urllib3.exceptions import HTTPError as TransportError
from web3 import HTTPProvider
from web3.types import RPCEndpoint, RPCResponse

_PIECE = 65_536
MOST_BYTES = 64 * 2**20
"""An answer may be so long; the longest we ask for are the events of 2,000 blocks."""


class Transport(HTTPProvider):
    """One node's address; blocks the thread that calls, for ``seconds`` at most once its head has come.

    Raises requests' exceptions and ValueError where there is no answer, or none that can be read.
    """

    def __init__(self, url: str, seconds: float, options: dict[str, Any]) -> None:
        # A redirect would let a node answer with another one's voice, or have us ask inside our own walls.
        kept = {"timeout": seconds, "stream": True, "allow_redirects": False}
        super().__init__(url, {**options, **kept})
        self._seconds = seconds
        # web3's own typing leaves out that None means: do not retry.
        self.exception_retry_configuration = cast("Any", None)

    def make_batch_request(
        self, batch_requests: list[tuple[RPCEndpoint, Any]]
    ) -> list[RPCResponse] | RPCResponse:
        """The answers in the order of their ids, or the one that a node gives instead."""
        answers: Any = orjson.loads(self._post(self.encode_batch_rpc_request(batch_requests)))
        if not isinstance(answers, list):
            return cast("RPCResponse", answers)
        return sorted(answers, key=lambda answer: int(answer["id"]))

    def _make_request(self, method: RPCEndpoint, request_data: bytes) -> bytes:  # noqa: ARG002 - web3's
        return self._post(request_data)

    @staticmethod
    def decode_rpc_response(raw_response: bytes) -> RPCResponse:
        """Read JSON; raises ValueError, also for what is nested without measure."""
        # Python's own reader would follow it down until the stack ends: web3 raises the limit of recursion.
        return cast("RPCResponse", orjson.loads(raw_response))

    def _post(self, body: bytes) -> bytes:
        kwargs = self.get_request_kwargs()
        # Not compressed: what comes is what it takes.
        kwargs["headers"] = {**kwargs["headers"], "Accept-Encoding": "identity"}
        sessions = self._request_session_manager
        with sessions.get_response_from_post_request(
            cast("URI", self.endpoint_uri), data=body, **kwargs
        ) as response:
            if response.status_code != 200:
                raise HTTPError(f"HTTP {response.status_code}")
            return self._read(response)

    def _read(self, response: Response) -> bytes:
        """The whole answer; piece by piece, since a time-out alone begins anew with each byte."""
        end = time.monotonic() + self._seconds
        pieces, size = [], 0
        while piece := _next(response):
            pieces.append(piece)
            size += len(piece)
            if size > MOST_BYTES:
                raise ValueError(f"an answer of more than {MOST_BYTES} bytes")
            if time.monotonic() > end:
                raise ReadTimeout("an answer that does not end")
        return b"".join(pieces)


def _next(response: Response) -> bytes:
    """What has come of the answer, one byte at least; nothing at its end."""
    try:
        return cast("bytes", response.raw.read1(_PIECE))
    except TransportError as error:
        # Broken off or stalled: requests translates urllib3's words only where it reads by itself, and to
        # whoever asks for the chain they would be the end of the process.
        raise BrokenOffError(type(error).__name__) from error
