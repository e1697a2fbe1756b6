"""Answers of the JSON API as HTTP carries them: entity tags, 304, the language that was chosen."""

from __future__ import annotations

import hashlib

from fastapi.responses import Response

JSON = "application/json"
# A tag must be asked about each time: a dossier may have grown, a verdict may have come.
_CACHING = "no-cache"


def strong_tag(data: bytes) -> str:
    """The entity tag of exactly these bytes."""
    return f'"{hashlib.sha256(data).hexdigest()[:32]}"'


def tagged(
    data: bytes, if_none_match: str | None, *, tag: str | None = None, language: str = ""
) -> Response:
    """The body with its entity tag, or 304 where the caller has it already (RFC 9110 13.1.2).

    Args:
        data: the body, JSON.
        if_none_match: the request's header.
        tag: what to tag the body with, if not by its bytes.
        language: of a body that comes in several.
    """
    headers = {"ETag": tag or strong_tag(data), "Cache-Control": _CACHING}
    if language:
        headers |= {"Content-Language": language, "Vary": "Accept-Language, Cookie"}
    if if_none_match is not None and _matches(if_none_match, headers["ETag"]):
        return Response(status_code=304, headers=headers)
    return Response(data, media_type=JSON, headers=headers)


def _matches(header: str, tag: str) -> bool:
    """The weak comparison: a GET may be answered by what means the same."""
    given = [part.strip().removeprefix("W/") for part in header.split(",")]
    return "*" in given or tag.removeprefix("W/") in given
