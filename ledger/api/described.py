"""What the OpenAPI document says of bodies and answers; the routes read bytes and write bytes themselves."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fastapi.responses import Response

from ledger.problems import MEDIA_TYPE

_HEX = {"type": "string", "pattern": "^[0-9a-f]{64}$"}
TEXT = {"type": "string"}
_COUNT = {"type": "integer", "minimum": 0}


class Octets(Response):
    """Tiles and entry bundles."""

    media_type = "application/octet-stream"


class Lines(Response):
    """One JSON value a line."""

    media_type = "application/x-ndjson"


def _object(**members: object) -> dict[str, Any]:
    return {"type": "object", "properties": members, "required": list(members)}


def _list(items: object) -> dict[str, Any]:
    return {"type": "array", "items": items}


PROBLEM = _object(type=TEXT, title=TEXT, status=_COUNT, detail=TEXT, code=TEXT)
RECEIPT = _object(id=_HEX, origin=TEXT, index=_COUNT, received=_COUNT, leaf=TEXT, proof=TEXT)
VIEW = _object(
    id=_HEX,
    region=TEXT,
    origin=TEXT,
    index=_COUNT,
    received=_COUNT,
    kind=TEXT,
    version=_COUNT,
    status={"enum": ["accepted", "anchored", "witnessed"]},
    statement=TEXT,
    closed=_COUNT,
    sealed=_list(TEXT),
    mirror={"type": "boolean"},
)
PAGE = _object(results=_list(VIEW), next={"type": ["string", "null"]})
EVIDENCE = _list(_object(kind=TEXT, subject=TEXT, body=TEXT, at=_COUNT))
_HEAD = _object(size=_COUNT, root=_HEX)
HOLDING = _object(
    head={"anyOf": [_HEAD, {"type": "null"}]},
    stored=_HEAD,
    leader={"type": ["object", "null"]},
)
OBJECT = {"type": "object"}
IDS = _object(ids=_list(_HEX))
IDENTIFIERS = _object(identifiers=_list(_list(TEXT)))

_PROBLEM = {"content": {MEDIA_TYPE: {"schema": PROBLEM}}}
PROBLEMS: dict[int | str, dict[str, Any]] = {
    "4XX": _PROBLEM | {"description": "what is wrong with the request, by a stable code"},
    "503": _PROBLEM | {"description": "cannot be answered now; Retry-After says when to ask again"},
}
"""For every route: the framework's own description of a 422 is not what this app answers."""


def answers(schema: object, *more: str) -> dict[int | str, dict[str, Any]]:
    """A good answer with a JSON body of that shape, or with text of one of ``more`` media types."""
    content = {"application/json": {"schema": schema}} | {name: {"schema": TEXT} for name in more}
    return {200: {"description": "good", "content": content}}


def takes(media: Mapping[str, object]) -> dict[str, Any]:
    """The body that a route reads: its schema by media type."""
    content = {name: {"schema": schema} for name, schema in media.items()}
    return {"requestBody": {"required": True, "content": content}}
