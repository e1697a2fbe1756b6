"""A node of the network, typed: posting, reading, evidence, logs."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterable, Sequence
from itertools import islice
from typing import Any

import httpx2

from ledger.bundle import Bundle, decode_bundle
from ledger.client.answers import (
    BatchAnswer,
    Receipt,
    RecordPage,
    RecordView,
    bad_answer,
    members,
    read_page,
    read_receipt,
    read_view,
)
from ledger.client.http import SECONDS, Body, Http, decode
from ledger.client.tokens import ReadTokens
from ledger.problems import error_of
from ledger.values import Origin

_BATCH_LINES = 500
_MOST_PAIRS = 64


class NodeClient:
    """One region's node.

    Args:
        base_url: address of the node.
        http: a client to use instead of an own one (an ASGI transport in tests).
        region: name of the region, for messages.
        tokens: reads with the rights of their key; without, the public view answers.
        seconds: how long an own client waits for each part of an answer.
    """

    def __init__(
        self,
        base_url: str,
        http: httpx2.AsyncClient | None = None,
        *,
        region: str = "",
        tokens: ReadTokens | None = None,
        seconds: float = SECONDS,
    ) -> None:
        self.region = region
        self._http = Http(base_url, http, silence="node_unavailable", seconds=seconds)
        self._tokens = tokens

    async def close(self) -> None:
        """Close the connections that this client opened."""
        await self._http.close()

    async def __aenter__(self) -> NodeClient:
        """Use as a context that closes itself."""
        return self

    async def __aexit__(self, *_: object) -> None:
        """Close."""
        await self.close()

    # --- posting

    async def submit(self, statement: str) -> Receipt:
        """Post one compact SD-JWT; a repeat gives the same receipt.

        Raises:
            InputError, ConflictError, ForbiddenError: why it was refused, with the field's path.
            UnavailableError: nothing is known of its fate; post it again.
        """
        body = Body(statement.encode(), "application/sd-jwt")
        return read_receipt(await self._http.fetch_json("POST", "/records", body=body))

    async def submit_many(
        self, statements: Iterable[str], batch: int = _BATCH_LINES
    ) -> AsyncIterator[BatchAnswer]:
        """Post many in NDJSON batches; one answer for each, in order, as they come in.

        Raises:
            UnavailableError: nothing is known of those without an answer; post them again.
        """
        rest = iter(statements)
        first = 0
        while lines := list(islice(rest, batch)):
            async for answer in self._submit_batch(lines, first):
                yield answer
            first += len(lines)

    async def _submit_batch(self, lines: Sequence[str], first: int) -> AsyncIterator[BatchAnswer]:
        text = "".join(json.dumps({"statement": line}) + "\n" for line in lines)
        body = Body(text.encode(), "application/x-ndjson")
        count = 0
        async with self._http.stream("POST", "/records", body=body) as response:
            async for line in response.aiter_lines():
                if line:
                    yield _batch_answer(line, first + count)
                    count += 1
        if count != len(lines):
            raise bad_answer(f"{count} answers for {len(lines)} lines")

    # --- reading

    async def record(self, statement: str) -> RecordView:
        """One record by its id (hex); raises InputError(record_unknown)."""
        path = f"/records/{statement}"
        return read_view(await self._http.fetch_json("GET", path, tokens=self._tokens))

    async def search(
        self, value: str, kind: str = "", cursor: str | None = None, limit: int = 50
    ) -> RecordPage:
        """Records that carry an identifier, of a type or ('') of any."""
        query = {"value": value, "limit": str(limit)}
        query |= {"type": kind} if kind else {}
        query |= {"cursor": cursor} if cursor is not None else {}
        return await self._page("/search", query)

    async def search_many(self, identifiers: Iterable[tuple[str, str]]) -> list[RecordView]:
        """Records that carry any of these (type, value) pairs, each once; at most 200 for a pair."""
        rest = iter(identifiers)
        found: dict[str, RecordView] = {}
        # A node takes so many at once; a dossier may have more numbers to ask for.
        while pairs := list(islice(rest, _MOST_PAIRS)):
            body = _json_body({"identifiers": pairs})
            page = await self._http.fetch_json("POST", "/search", body=body, tokens=self._tokens)
            found.update((view.id, view) for view in read_page(page).results)
        return list(found.values())

    async def mine(self, cursor: str | None = None, limit: int = 50) -> RecordPage:
        """The author's own records; needs tokens."""
        query = {"limit": str(limit)} | ({"cursor": cursor} if cursor is not None else {})
        return await self._page("/mine", query)

    async def _page(self, path: str, query: dict[str, str]) -> RecordPage:
        return read_page(await self._http.fetch_json("GET", path, query=query, tokens=self._tokens))

    async def bundle(self, statement: str) -> Bundle:
        """The evidence of one record; raises InputError(record_unknown)."""
        return decode_bundle(await self.bundle_bytes(statement))

    async def bundle_bytes(self, statement: str) -> bytes:
        """The bundle file as the node gave it."""
        return await self._http.fetch("GET", f"/records/{statement}/bundle", tokens=self._tokens)

    async def bundles(self, statements: Sequence[str]) -> Bundle:
        """The evidence of up to 256 records, in that order; raises InputError(record_unknown)."""
        body = _json_body({"ids": statements})
        data = await self._http.fetch("POST", "/bundles", body=body, tokens=self._tokens)
        return decode_bundle(data)

    # --- network and log

    async def network(self) -> dict[str, Any]:
        """network.json as the node uses it."""
        return members(await self._http.fetch_json("GET", "/network"))

    async def ready(self) -> dict[str, Any]:
        """State of the node; raises UnavailableError while it takes no records."""
        return members(await self._http.fetch_json("GET", "/readyz"))

    async def evidence(self) -> list[dict[str, Any]]:
        """Contradictions and findings that the node keeps."""
        value = await self._http.fetch_json("GET", "/evidence")
        if not isinstance(value, list):
            raise bad_answer("not a list")
        return [members(one) for one in value]

    async def send_checkpoint(self, note: str) -> None:
        """Hand in a signed checkpoint; raises ConflictError(checkpoint_contradiction)."""
        await self._http.fetch("POST", "/checkpoints", body=Body(note.encode(), "text/plain"))

    async def log_file(self, origin: Origin, path: str) -> bytes:
        """A file of a log by its C2SP tlog-tiles path, as ``checkpoint`` or ``tile/0/000``."""
        return await self._http.fetch("GET", f"{log_path(origin)}/{path}")


def _json_body(value: object) -> Body:
    return Body(json.dumps(value).encode(), "application/json")


def log_path(origin: Origin) -> str:
    """Where a node serves a log."""
    return f"/logs/{origin.region}/{origin.epoch}"


def _batch_answer(line: str, number: int) -> BatchAnswer:
    value = members(decode(line))
    if "problem" in value:
        problem = members(value["problem"])
        status = problem.get("status")
        return BatchAnswer(
            number, None, error_of(problem, status if isinstance(status, int) else 400)
        )
    return BatchAnswer(number, read_receipt(value.get("receipt")), None)
