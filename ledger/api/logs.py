"""Each log under a URL of its own, as C2SP tlog-tiles has it, and what witnesses and mirrors need."""

from __future__ import annotations

import gzip
import re
from collections.abc import Mapping
from typing import Annotated

import orjson
from fastapi import APIRouter, Path, Query, Request
from fastapi.responses import PlainTextResponse, Response

from ledger import tree
from ledger.api.described import EVIDENCE, PROBLEMS, TEXT, Lines, Octets, answers, takes
from ledger.api.reading import right_of
from ledger.client.wire import write_fed
from ledger.errors import InputError, VerificationError
from ledger.merkle.tilepath import parse_entries_path, parse_tile_path
from ledger.values import Origin, StatementId

router = APIRouter(tags=["logs"], responses=PROBLEMS)

Region = Annotated[str, Path(pattern="^[a-z][a-z0-9-]{0,31}$")]
Epoch = Annotated[int, Path(ge=1, lt=2**31)]
Size = Annotated[int, Path(ge=1, lt=2**63)]

_LOG = "/logs/{region}/{epoch}"
# A tile of one width never changes, a partial one neither: more leaves make a wider one (C2SP tlog-tiles).
_FOR_EVER = {"Cache-Control": "public, max-age=31536000, immutable"}
# The newest checkpoint moves on, and each one gains cosignatures.
_ANEW = {"Cache-Control": "no-cache"}


@router.get(
    _LOG + "/checkpoint",
    summary="The newest finally anchored checkpoint",
    response_class=PlainTextResponse,
)
async def newest_checkpoint(request: Request, region: Region, epoch: Epoch) -> Response:
    """With the cosignatures collected so far."""
    note = await request.app.state.services.reader.checkpoint(_origin(request, region, epoch), None)
    return _text(note, _ANEW)


@router.get(
    _LOG + "/checkpoint/{size}", summary="An anchored checkpoint", response_class=PlainTextResponse
)
async def checkpoint(request: Request, region: Region, epoch: Epoch, size: Size) -> Response:
    """The checkpoint anchored at exactly that size."""
    note = await request.app.state.services.reader.checkpoint(_origin(request, region, epoch), size)
    return _text(note, _ANEW)


@router.get(
    _LOG + "/cosignature/{size}",
    summary="This node's own cosignature",
    response_class=PlainTextResponse,
)
async def cosignature(request: Request, region: Region, epoch: Epoch, size: Size) -> Response:
    """The signature line, once this node has cosigned that size."""
    line = await request.app.state.services.reader.cosignature(
        _origin(request, region, epoch), size
    )
    return _text(line)


@router.get(_LOG + "/tile/entries/{place:path}", summary="An entry bundle", response_class=Octets)
async def entries(request: Request, region: Region, epoch: Epoch, place: str) -> Response:
    """Leaf lines, each behind its length; compressed for whoever takes gzip."""
    try:
        wanted = parse_entries_path(f"tile/entries/{place}")
    except VerificationError as error:
        raise InputError("not_found", error.detail) from error
    store, origin = request.app.state.services.store, _origin(request, region, epoch)
    data = await tree.entries(store, origin, wanted.index, wanted.width)
    headers = _FOR_EVER | {"Vary": "Accept-Encoding"}
    if takes_gzip(request.headers.get("accept-encoding", "")):
        headers |= {"Content-Encoding": "gzip"}
        data = gzip.compress(data, 6, mtime=0)
    return Octets(data, headers=headers)


@router.get(_LOG + "/tile/{place:path}", summary="A tile", response_class=Octets)
async def tile(request: Request, region: Region, epoch: Epoch, place: str) -> Response:
    """Up to 256 hashes of one level."""
    try:
        wanted = parse_tile_path(f"tile/{place}")
    except VerificationError as error:
        raise InputError("not_found", error.detail) from error
    store, origin = request.app.state.services.store, _origin(request, region, epoch)
    data = await tree.tile(store, origin, wanted)
    return Octets(data, headers=_FOR_EVER)


@router.get(
    _LOG + "/feed",
    summary="Committed leaves with their statements, for mirrors",
    response_class=Lines,
)
async def feed(
    request: Request,
    region: Region,
    epoch: Epoch,
    start: Annotated[int, Query(ge=0, lt=2**62)],
    count: Annotated[int, Query(ge=1, le=1024)] = 256,
) -> Response:
    """NDJSON; only the other regions may read it."""
    right = await right_of(request)
    reader = request.app.state.services.reader
    fed = await reader.feed(_origin(request, region, epoch), start, count, right)
    return Lines(b"".join(map(write_fed, fed)))


@router.get(
    "/statements/{id}", summary="The signed part of a statement", response_class=PlainTextResponse
)
async def signed_part(
    request: Request,
    id: Annotated[str, Path(pattern="^[0-9a-f]{64}$")],  # noqa: A002
) -> Response:
    """For the other regions and the author."""
    right = await right_of(request)
    reader = request.app.state.services.reader
    return _text((await reader.signed_part(StatementId(bytes.fromhex(id)), right)).decode())


@router.post(
    "/checkpoints",
    status_code=204,
    summary="Hand over a checkpoint for comparison",
    openapi_extra=takes({"text/plain": TEXT}),
)
async def post_checkpoint(request: Request) -> Response:
    """204 where it agrees with what this node holds; a contradiction is kept as evidence (409)."""
    body = await request.body()
    try:
        note = body.decode()
    except UnicodeDecodeError as error:
        raise InputError("note_malformed", "the body is not UTF-8 text") from error
    await request.app.state.services.witness.compare(note)
    return Response(status_code=204)


@router.get(
    "/evidence",
    summary="Contradictions and findings this node has kept",
    responses=answers(EVIDENCE),
)
async def evidence(request: Request) -> Response:
    """Oldest first."""
    kept = await request.app.state.services.store.evidence()
    body = [{"kind": k, "subject": s, "body": b, "at": at} for k, s, b, at in kept]
    return Response(orjson.dumps(body), media_type="application/json")


def _origin(request: Request, region: str, epoch: int) -> Origin:
    return Origin(request.app.state.services.network, region, epoch)


def _text(text: str | None, headers: Mapping[str, str] | None = None) -> Response:
    if text is None:
        raise InputError("not_found", "this node does not hold it")
    return PlainTextResponse(text, headers=headers)


def takes_gzip(accepted: str) -> bool:
    """Whether an Accept-Encoding header names gzip without ruling it out (RFC 9110 section 12.5.3)."""
    for one in accepted.lower().split(","):
        name, *weights = (part.strip() for part in one.split(";"))
        if name in ("gzip", "x-gzip"):
            return not any(re.fullmatch(r"q=0(\.0{0,3})?", weight) for weight in weights)
    return False
