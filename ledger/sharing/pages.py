"""What a reader gets: a record as far as it may be seen, and pages of them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from ledger.errors import InputError
from ledger.values import Millis, Origin, StatementId

_CURSOR = re.compile(r"(?P<origin>[^:]{1,160}):(?P<index>0|[1-9][0-9]{0,18})")
MAX_LIMIT = 200


@dataclass(frozen=True, slots=True)
class View:
    """One record for one reader.

    ``statement`` is the compact SD-JWT as far as this reader may see; ``closed`` counts the slots that
    stay closed; ``sealed`` names those of them, as JSON Pointers, that this reader may see and that this
    node holds sealed only, since they came back from a mirror; ``status`` is ``accepted``, ``anchored`` or
    ``witnessed``; ``mirror`` says that the log is another region's.
    """

    id: StatementId
    region: str
    origin: Origin
    index: int
    received: Millis
    kind: str
    version: int
    status: str
    statement: str
    closed: int
    mirror: bool
    sealed: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """The VIEW object of the node's API."""
        return {
            "id": self.id.hex(),
            "region": self.region,
            "origin": str(self.origin),
            "index": self.index,
            "received": self.received,
            "kind": self.kind,
            "version": self.version,
            "status": self.status,
            "statement": self.statement,
            "closed": self.closed,
            "sealed": list(self.sealed),
            "mirror": self.mirror,
        }


@dataclass(frozen=True, slots=True)
class Page:
    """Some results in order of (origin, index), and where the next page starts (None: at the end)."""

    results: tuple[View, ...]
    next: str | None

    def as_json(self) -> dict[str, Any]:
        """The page object of the node's API."""
        return {"results": [view.as_json() for view in self.results], "next": self.next}


def encode_cursor(origin: Origin, index: int) -> str:
    """A place in a list of results, as readers hand it back."""
    return f"{origin}:{index}"


def decode_cursor(cursor: str | None) -> tuple[str, int] | None:
    """The place a cursor names; raises InputError(cursor_malformed)."""
    if cursor is None:
        return None
    parts = _CURSOR.fullmatch(cursor)
    if parts is None:
        raise InputError("cursor_malformed", "not a cursor that this node gave", "/cursor")
    return parts["origin"], min(int(parts["index"]), 2**63 - 1)


def check_limit(limit: int) -> int:
    """The limit itself; raises InputError(limit_out_of_range) outside 1 to 200."""
    if not 1 <= limit <= MAX_LIMIT:
        raise InputError("limit_out_of_range", f"limit is not 1 to {MAX_LIMIT}", "/limit")
    return limit
