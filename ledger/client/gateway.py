"""The gateway, as programs see it: search, dossier, evidence to carry away."""

from __future__ import annotations

from typing import Any

import httpx2

from ledger.bundle import Bundle, decode_bundle
from ledger.client.answers import members
from ledger.client.http import SECONDS, Http


class GatewayClient:
    """A gateway; nothing it says needs to be believed, as its bundles are verified alone.

    Args:
        base_url: address of the gateway.
        http: a client to use instead of an own one (an ASGI transport in tests).
        seconds: how long an own client waits for each part of an answer.
    """

    def __init__(
        self,
        base_url: str,
        http: httpx2.AsyncClient | None = None,
        *,
        seconds: float = SECONDS,
    ) -> None:
        self._http = Http(base_url, http, silence="gateway_unavailable", seconds=seconds)

    async def close(self) -> None:
        """Close the connections that this client opened."""
        await self._http.close()

    async def search(self, text: str, cursor: str | None = None, limit: int = 50) -> dict[str, Any]:
        """Records and dossiers that carry a number, with what it was read as and who answered."""
        query = {"q": text, "limit": str(limit)}
        query |= {"cursor": cursor} if cursor is not None else {}
        return members(await self._http.fetch_json("GET", "/api/search", query=query))

    async def dossier(self, text: str, of: str = "", lang: str = "en") -> dict[str, Any]:
        """A dossier with the state of every check, as that site found it.

        Raises:
            InputError: dossier_ambiguous (name one of its records with ``of``), record_unknown.
        """
        query = {"q": text, "lang": lang} | ({"of": of} if of else {})
        return members(await self._http.fetch_json("GET", "/api/dossier", query=query))

    async def dossier_bundle(self, text: str, of: str = "") -> Bundle:
        """The evidence of all records of a dossier; raises as ``dossier`` does."""
        query = {"q": text} | ({"of": of} if of else {})
        return decode_bundle(await self._http.fetch("GET", "/api/dossier/bundle", query=query))

    async def bundle(self, statement: str) -> Bundle:
        """The evidence of one record by its id (hex); raises InputError(record_unknown)."""
        return decode_bundle(await self._http.fetch("GET", f"/api/records/{statement}/bundle"))

    async def network(self) -> dict[str, Any]:
        """network.json as that site uses it."""
        return members(await self._http.fetch_json("GET", "/api/network"))
