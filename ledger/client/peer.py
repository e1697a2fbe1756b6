"""Another region's node, as mirrors and witnesses see it (ports.Peer)."""

from __future__ import annotations

from email.utils import parsedate_to_datetime

import httpx2

from ledger.client.answers import bad_answer
from ledger.client.http import Body, Http
from ledger.client.node import log_path
from ledger.client.tokens import ReadTokens
from ledger.client.wire import (
    JSON,
    LINES,
    read_feed,
    read_holding,
    write_hold,
    write_lead,
)
from ledger.errors import InputError
from ledger.ports import FedStatement, Hold, Holding, LeaderToken
from ledger.values import Millis, Origin, StatementId

_MAX_FEED = 32 * 2**20
_MAX_NOTE = 512 * 1024
_MAX_SIGNED = 256 * 1024
_MAX_HOLDING = 4096
_ABSENT = frozenset({"not_found", "record_unknown", "log_unknown"})


class PeerClient:
    """Reads another region's node with our peer key, and has it hold our own logs.

    Args:
        region: the other region's name.
        base_url: address of its node.
        tokens: made under our peer key for that node.
        http: a client to use instead of an own one (an ASGI transport in tests).
    """

    def __init__(
        self,
        region: str,
        base_url: str,
        tokens: ReadTokens,
        http: httpx2.AsyncClient | None = None,
    ) -> None:
        self._region = region
        self._http = Http(base_url, http, silence="peer_unavailable")
        self._tokens = tokens

    @property
    def region(self) -> str:
        """The peer's region name."""
        return self._region

    async def close(self) -> None:
        """Close the connections that this client opened."""
        await self._http.close()

    async def feed(self, origin: Origin, start: int, count: int) -> list[FedStatement]:
        """Committed leaves of a log from that index, at most count of them.

        Raises:
            UnavailableError: peer_unavailable.
            VerificationError: bad_answer.
        """
        query = {"start": str(start), "count": str(count)}
        path = f"{log_path(origin)}/feed"
        text = await self._get(path, _MAX_FEED, query=query, rights=True)
        return read_feed(text or b"")[:count]

    async def signed_part(self, statement: StatementId) -> bytes | None:
        """A statement's signed bytes, or None where the node does not hold it."""
        return await self._get(f"/statements/{statement.hex()}", _MAX_SIGNED, rights=True)

    async def checkpoint(self, origin: Origin, size: int | None = None) -> str | None:
        """A log's signed note at an anchored size, or (None) the newest one anchored."""
        file = "checkpoint" if size is None else f"checkpoint/{size}"
        return _text(await self._get(f"{log_path(origin)}/{file}", _MAX_NOTE))

    async def cosignature(self, origin: Origin, size: int) -> str | None:
        """The peer's own cosignature line, once it has cosigned."""
        return _text(await self._get(f"{log_path(origin)}/cosignature/{size}", _MAX_NOTE))

    async def time(self) -> Millis:
        """What the peer's clock says, to the second, from the Date of an answer (RFC 9110 section 6.6.1).

        Raises:
            UnavailableError: peer_unavailable.
            VerificationError: bad_answer.
        """
        async with self._http.stream("GET", "/livez") as answer:
            said = answer.headers.get("date", "")
        try:
            at = parsedate_to_datetime(said)
        except ValueError as error:
            raise bad_answer("an answer without a date") from error
        if at.tzinfo is None:
            raise bad_answer("a date without its zone")
        return Millis(int(at.timestamp()) * 1000)

    async def send_checkpoint(self, note: str) -> None:
        """Hand over a checkpoint for comparison; raises ConflictError(checkpoint_contradiction)."""
        await self._http.fetch("POST", "/checkpoints", body=Body(note.encode(), "text/plain"))

    async def held(self, origin: Origin) -> Holding:
        """What the node holds of a log.

        Raises:
            UnavailableError: peer_unavailable.
            InputError: log_unknown.
            VerificationError: bad_answer.
        """
        path = f"{log_path(origin)}/held"
        text = await self._http.fetch("GET", path, tokens=self._tokens, most=_MAX_HOLDING)
        return read_holding(text)

    async def lead(self, origin: Origin, leader: LeaderToken) -> Holding:
        """Have the node follow this leader of our region; what it holds then.

        Raises as ``held``, and ConflictError(leader_replaced).
        """
        return await self._write(f"{log_path(origin)}/lead", Body(write_lead(leader), JSON, True))

    async def hold(self, origin: Origin, step: Hold) -> Holding:
        """Have the node store leaves of our log and move its lock; what it holds then, durable.

        Raises as ``held``, and ConflictError: leader_replaced, head_moved, hold_gap, copies_fork.
        """
        return await self._write(f"{log_path(origin)}/hold", Body(write_hold(step), LINES, True))

    async def _write(self, path: str, body: Body) -> Holding:
        fetched = await self._http.fetch(
            "POST", path, body=body, tokens=self._tokens, most=_MAX_HOLDING
        )
        return read_holding(fetched)

    async def _get(
        self, path: str, most: int, query: dict[str, str] | None = None, *, rights: bool = False
    ) -> bytes | None:
        tokens = self._tokens if rights else None
        try:
            return await self._http.fetch("GET", path, query=query, tokens=tokens, most=most)
        except InputError as error:
            if error.code not in _ABSENT:
                raise
            return None


def _text(data: bytes | None) -> str | None:
    try:
        return None if data is None else data.decode()
    except UnicodeDecodeError as error:
        raise bad_answer("not UTF-8") from error
