"""Whether the node lives, whether it can take records, and which network it belongs to."""

from __future__ import annotations

import orjson
from fastapi import APIRouter, Request
from fastapi.responses import PlainTextResponse, Response

from ledger.api.described import OBJECT, PROBLEMS, answers

router = APIRouter(tags=["node"], responses=PROBLEMS)


@router.get("/livez", response_class=PlainTextResponse)
async def livez() -> Response:
    """The process answers."""
    return PlainTextResponse("ok\n")


@router.get(
    "/readyz",
    responses=answers(OBJECT) | {503: {"content": {"application/json": {"schema": OBJECT}}}},
)
async def readyz(request: Request) -> Response:
    """Whether intake is open, with the state of the log, the anchor worker and the mirrors."""
    state = request.app.state.services.readiness()
    return Response(
        orjson.dumps(state),
        status_code=200 if state["ready"] else 503,
        media_type="application/json",
    )


@router.get("/network", responses=answers(OBJECT))
async def network(request: Request) -> Response:
    """network.json as this node uses it."""
    return Response(request.app.state.services.network_json(), media_type="application/json")
