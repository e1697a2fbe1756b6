"""One way to send a request: time-outs, bounded answers, problems turned into the ledger's errors."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import cache
from ssl import SSLContext
from typing import Any

import httpx2

from ledger.client.answers import bad_answer, members
from ledger.client.tokens import ReadTokens
from ledger.errors import LedgerError, UnavailableError, VerificationError
from ledger.problems import MEDIA_TYPE, error_of
from ledger.statement import strictjson

MAX_ANSWER = 64 * 2**20
_MAX_PROBLEM = 64 * 1024
SECONDS = 10.0
"""How long a client waits for an answer, where nothing else is said."""
_TO_CONNECT = 0.3
_DECODER = json.JSONDecoder()
_LIMITS = httpx2.Limits(max_connections=64, max_keepalive_connections=16, keepalive_expiry=30.0)


@dataclass(frozen=True, slots=True)
class Body:
    """What a request carries; ``bound``: its token is to cover it, since it writes as the key's holder."""

    content: bytes
    media_type: str
    bound: bool = False


@cache
def _authorities() -> SSLContext:
    """The well-known authorities, read once: it takes 40 ms, and a node has a client for every region."""
    return httpx2.create_ssl_context(trust_env=False)


class Http:
    """Requests to one address over connections that are kept.

    Args:
        base_url: address of the node or gateway.
        http: a client to use instead of an own one (an ASGI transport in tests); its owner closes it.
        silence: code of the UnavailableError when there is no answer.
        seconds: how long an own client waits for each part of an answer.
    """

    def __init__(
        self,
        base_url: str,
        http: httpx2.AsyncClient | None = None,
        *,
        silence: str,
        seconds: float = SECONDS,
    ) -> None:
        self._base = base_url.rstrip("/")
        timeout = httpx2.Timeout(seconds, connect=seconds * _TO_CONNECT)
        # trust_env off: a proxy named in the environment must not come between the regions.
        self._http = http or httpx2.AsyncClient(
            timeout=timeout, limits=_LIMITS, trust_env=False, verify=_authorities()
        )
        self._own = http is None
        self._silence = silence

    async def close(self) -> None:
        """Close the connections that this client opened."""
        if self._own:
            await self._http.aclose()

    async def fetch(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        body: Body | None = None,
        tokens: ReadTokens | None = None,
        most: int = MAX_ANSWER,
    ) -> bytes:
        """Send, and give the body of a good answer.

        Raises:
            UnavailableError: no answer, or the node says so.
            InputError: as the node's problem says; ConflictError and ForbiddenError too.
            VerificationError: bad_answer, answer_too_large.
        """
        async with self.stream(method, path, query=query, body=body, tokens=tokens) as response:
            return await self._read(response, most)

    async def fetch_json(self, method: str, path: str, **how: Any) -> Any:  # noqa: ANN401 - JSON
        """``fetch``, decoded."""
        return decode(await self.fetch(method, path, **how))

    @asynccontextmanager
    async def stream(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        body: Body | None = None,
        tokens: ReadTokens | None = None,
    ) -> AsyncIterator[httpx2.Response]:
        """Send, and give a good answer to be read; raises as ``fetch`` does."""
        request = self._http.build_request(
            method,
            self._base + path,
            params=dict(query) if query else None,
            content=body.content if body else None,
            headers={"Content-Type": body.media_type} if body else None,
        )
        if tokens is not None:
            target = request.url.raw_path.decode("ascii")
            bound = body.content if body is not None and body.bound else None
            request.headers["Authorization"] = tokens.header(method, target, bound)
        try:
            response = await self._http.send(request, stream=True)
            try:
                if not response.is_success:
                    raise await self._problem(response)
                yield response
            finally:
                await response.aclose()
        except (httpx2.RequestError, httpx2.InvalidURL) as error:
            detail = f"{self._base} did not answer: {type(error).__name__}"
            raise UnavailableError(self._silence, detail) from error

    async def _problem(self, response: httpx2.Response) -> LedgerError:
        text = await self._read(response, _MAX_PROBLEM)
        if response.headers.get("content-type", "").split(";")[0] != MEDIA_TYPE:
            # Not one of ours: a proxy's page, or a node that is just starting.
            return UnavailableError(self._silence, f"{self._base} answered {response.status_code}")
        return error_of(members(decode(text)), response.status_code)

    async def _read(self, response: httpx2.Response, most: int) -> bytes:
        parts: list[bytes] = []
        size = 0
        async for part in response.aiter_bytes():
            size += len(part)
            if size > most:
                raise bad_answer(f"more than {most} bytes")
            parts.append(part)
        return b"".join(parts)


def decode(text: bytes | str) -> Any:  # noqa: ANN401 - every caller narrows what it reads
    """Decode JSON that a stranger may have made; raises VerificationError(bad_answer)."""
    try:
        return strictjson.decode(text if isinstance(text, str) else text.decode(), _DECODER)
    except (VerificationError, UnicodeDecodeError) as error:
        raise bad_answer("not JSON") from error
