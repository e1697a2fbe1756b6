"""Posting records and reading them: single, by the line, by identifier, by author."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any, cast

import orjson
from fastapi import APIRouter, Path, Query, Request
from fastapi.responses import Response

from ledger.api.described import (
    IDENTIFIERS,
    IDS,
    OBJECT,
    PAGE,
    PROBLEMS,
    RECEIPT,
    TEXT,
    VIEW,
    answers,
    takes,
)
from ledger.api.reading import right_of
from ledger.bundle import encode_bundle
from ledger.errors import FatalError, InputError, LedgerError, VerificationError
from ledger.intake import Admitted
from ledger.problems import problem_of
from ledger.sealing import ReceiptOut
from ledger.sharing import Page
from ledger.statement import strictjson
from ledger.values import StatementId

router = APIRouter(tags=["records"], responses=PROBLEMS)

SINGLE = "application/sd-jwt"
LINES = "application/x-ndjson"
JSON = "application/json"
MAX_IDS = 256

Id = Annotated[str, Path(pattern="^[0-9a-f]{64}$", description="statement id")]
Limit = Annotated[int, Query(ge=1, le=200)]
Cursor = Annotated[str | None, Query(max_length=256)]


@router.post(
    "/records",
    summary="Post a record, or many by NDJSON",
    responses=answers(RECEIPT, LINES) | {201: answers(RECEIPT)[200]},
    openapi_extra=takes({SINGLE: TEXT, LINES: TEXT}),
)
async def post_records(request: Request) -> Response:
    """201 with a receipt (200 for a repeat); for NDJSON a line of answer for each line."""
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    body = await request.body()
    if media_type == SINGLE:
        return await _post_one(request, body)
    if media_type == LINES:
        return await _post_lines(request, body)
    raise InputError("media_type_unsupported", f"post {SINGLE} or {LINES}")


async def _post_one(request: Request, body: bytes) -> Response:
    services = request.app.state.services
    admitted = await services.intake.accept(body, _address(request))
    receipt = await _sealed(request, admitted)
    return Response(
        orjson.dumps(receipt_json(receipt)),
        status_code=201 if admitted.place is None else 200,
        media_type="application/json",
        headers={"Location": f"/records/{receipt.id.hex()}"},
    )


async def _post_lines(request: Request, body: bytes) -> Response:
    services = request.app.state.services
    lines = body.split(b"\n")
    if not lines[-1]:
        lines.pop()
    most = services.limits.max_batch_lines
    if len(lines) > most:
        raise InputError("batch_too_long", f"{len(lines)} lines, at most {most}")
    read = [_statement_of(line) for line in lines]
    good = [one for one in read if isinstance(one, bytes)]
    outcomes = iter(await services.intake.accept_all(good, _address(request)))
    # All lines at once, so that they share group commits; answers in the order of the lines.
    answers = await asyncio.gather(
        *(_seal_line(request, next(outcomes) if isinstance(one, bytes) else one) for one in read)
    )
    text = b"".join(
        orjson.dumps({"line": number} | answer) + b"\n"
        for number, answer in enumerate(answers, start=1)
    )
    return Response(text, media_type=LINES)


async def _sealed(request: Request, admitted: Admitted) -> ReceiptOut:
    """The receipt, and note how long it took."""
    services = request.app.state.services
    start = services.clock.monotonic()
    receipt: ReceiptOut = await services.sealer.submit(admitted)
    request.app.state.metrics.merge_delay.observe(services.clock.monotonic() - start)
    return receipt


async def _seal_line(request: Request, outcome: Admitted | InputError) -> dict[str, Any]:
    if isinstance(outcome, InputError):
        return {"problem": problem_of(outcome)}
    try:
        return {"receipt": receipt_json(await _sealed(request, outcome))}
    except FatalError:
        raise
    except LedgerError as error:
        return {"problem": problem_of(error)}


def _statement_of(line: bytes) -> bytes | InputError:
    try:
        value = strictjson.loads(line)
    except VerificationError as error:
        return InputError(
            "line_malformed", f"the line is not strict JSON: {error.detail}", error.path
        )
    if not isinstance(value, dict) or set(value) != {"statement"}:
        return InputError("line_malformed", 'the line is not {"statement": …}')
    statement = value["statement"]
    if not isinstance(statement, str):
        return InputError("line_malformed", "the statement is not a text", "/statement")
    return statement.encode()


def _address(request: Request) -> str:
    return request.client.host if request.client else ""


def receipt_json(receipt: ReceiptOut) -> dict[str, Any]:
    """The RECEIPT object: where the statement stands, its leaf and its proof."""
    return {
        "id": receipt.id.hex(),
        "origin": str(receipt.origin),
        "index": receipt.index,
        "received": receipt.received,
        "leaf": receipt.leaf,
        "proof": receipt.proof,
    }


@router.get(
    "/records/{id}",
    summary="One record as far as the reader may see it",
    responses=answers(VIEW),
)
async def get_record(request: Request, id: Id) -> Response:  # noqa: A002
    """The record's view."""
    right = await right_of(request)
    view = await request.app.state.services.reader.view(StatementId(bytes.fromhex(id)), right)
    return _json(view.as_json())


@router.get("/records/{id}/bundle", summary="The evidence of one record", responses=answers(OBJECT))
async def get_bundle(request: Request, id: Id) -> Response:  # noqa: A002
    """A bundle file, as far as the reader may see the record."""
    right = await right_of(request)
    reader = request.app.state.services.reader
    bundle = await reader.bundle([StatementId(bytes.fromhex(id))], right)
    return Response(encode_bundle(bundle), media_type="application/json")


@router.post(
    "/bundles",
    summary="The evidence of several records",
    responses=answers(OBJECT),
    openapi_extra=takes({JSON: IDS}),
)
async def post_bundles(request: Request) -> Response:
    """One bundle with the records of the body's ``ids``, in that order."""
    right = await right_of(request)
    ids = _ids(await request.body())
    bundle = await request.app.state.services.reader.bundle(ids, right)
    return Response(encode_bundle(bundle), media_type="application/json")


def _ids(body: bytes) -> list[StatementId]:
    texts = _member(body, "ids")
    if not texts or len(texts) > MAX_IDS:
        raise InputError("ids_malformed", f"name 1 to {MAX_IDS} ids", "/ids")
    try:
        ids = [bytes.fromhex(text) for text in texts]
    except (TypeError, ValueError) as error:
        raise InputError("ids_malformed", "an id is not hex", "/ids") from error
    if any(len(one) != 32 for one in ids):
        raise InputError("ids_malformed", "an id is not 32 bytes", "/ids")
    return [StatementId(one) for one in ids]


@router.get("/search", summary="Records that carry an identifier", responses=answers(PAGE))
async def search(
    request: Request,
    value: Annotated[str, Query(max_length=256)],
    type: Annotated[str, Query(max_length=32)] = "",  # noqa: A002
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Response:
    """One page of views, over all logs this node holds."""
    right = await right_of(request)
    page = await request.app.state.services.reader.search(value, type, cursor, limit, right)
    return _page(page)


@router.post(
    "/search",
    summary="Records that carry any of several identifiers",
    responses=answers(PAGE),
    openapi_extra=takes({JSON: IDENTIFIERS}),
)
async def search_many(request: Request) -> Response:
    """Views for the body's ``identifiers`` ([type, value] each), at most 200 for each of them."""
    right = await right_of(request)
    wanted = _member(await request.body(), "identifiers")
    if len(wanted) > 64 or any(not _is_pair(pair) for pair in wanted):
        raise InputError("identifiers_malformed", "up to 64 [type, value]", "/identifiers")
    reader = request.app.state.services.reader
    views: dict[str, Any] = {}
    for kind, value in wanted:
        page = await reader.search(value, kind, None, 200, right)
        views.update((view.id.hex(), view.as_json()) for view in page.results)
    return _json({"results": list(views.values()), "next": None})


@router.get("/mine", summary="The records of the author who asks", responses=answers(PAGE))
async def mine(request: Request, cursor: Cursor = None, limit: Limit = 50) -> Response:
    """One page of the author's own records, in full."""
    right = await right_of(request)
    return _page(await request.app.state.services.reader.mine(right, cursor, limit))


def _member(body: bytes, name: str) -> list[Any]:
    try:
        value = strictjson.loads(body)
    except VerificationError as error:
        raise InputError(
            "body_malformed", f"not strict JSON: {error.detail}", error.path
        ) from error
    if not isinstance(value, dict) or not isinstance(value.get(name), list):
        raise InputError("body_malformed", f"the body has no list {name}", f"/{name}")
    return cast(list[Any], value[name])


def _is_pair(value: object) -> bool:
    return isinstance(value, list) and len(value) == 2 and all(isinstance(v, str) for v in value)


def _page(page: Page) -> Response:
    return _json(page.as_json())


def _json(value: Any) -> Response:  # noqa: ANN401 - any JSON value
    return Response(orjson.dumps(value), media_type="application/json")
