"""Who asks: the bearer token of a request turned into a right to read."""

from __future__ import annotations

import hashlib
import hmac

from fastapi import Request

from ledger.errors import InputError
from ledger.sharing.rights import PUBLIC, Right


async def right_of(request: Request) -> Right:
    """The right of this request; without a token, that of the public.

    Raises:
        InputError: token_invalid.
    """
    right = await _right_of(request)
    if right.body is not None:
        raise InputError("token_invalid", "read_token_body: made for a request that writes")
    return right


async def written_by(request: Request) -> tuple[Right, bytes]:
    """The right of a request that writes, and the body that its token covers.

    The token is checked before the body is read, so that strangers cannot make this node read much.

    Raises:
        InputError: token_missing, token_invalid.
    """
    right = await _right_of(request)
    if right is PUBLIC:
        raise InputError("token_missing", "needs the token of a region's peer key")
    body = await request.body()
    if right.body is None or not hmac.compare_digest(right.body, hashlib.sha256(body).digest()):
        raise InputError("token_invalid", "read_token_body: not made for this body")
    return right, body


async def _right_of(request: Request) -> Right:
    header = request.headers.get("authorization")
    if header is None:
        return PUBLIC
    scheme, _, token = header.partition(" ")
    if scheme.lower() != "bearer":
        raise InputError("token_invalid", "only bearer tokens are read")
    query = f"?{request.url.query}" if request.url.query else ""
    right: Right = await request.app.state.services.reader.authorise(
        token.strip(), request.method, request.url.path + query
    )
    return right
