"""Holding other regions' logs for them, on the word of their own peer key."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Request
from fastapi.responses import Response

from ledger.api.described import HOLDING, OBJECT, PROBLEMS, TEXT, answers, takes
from ledger.api.reading import right_of, written_by
from ledger.client.wire import JSON, LINES, read_hold, read_lead, write_holding
from ledger.errors import ForbiddenError
from ledger.mirroring.batches import MOST_LEAVES
from ledger.ports import Holding
from ledger.sharing.rights import Right
from ledger.values import Origin

router = APIRouter(tags=["logs"], responses=PROBLEMS | answers(HOLDING))

Region = Annotated[str, Path(pattern="^[a-z][a-z0-9-]{0,31}$")]
Epoch = Annotated[int, Path(ge=1, lt=2**31)]

_LOG = "/logs/{region}/{epoch}"


@router.get(_LOG + "/held", summary="What this node holds of another region's log")
async def held(request: Request, region: Region, epoch: Epoch) -> Response:
    """The head in its lock, the size and root of what it stores, and whom it follows; for regions only."""
    right = await right_of(request)
    if right.peer is None:
        raise ForbiddenError("peer_only", "only the other regions ask for this")
    services = request.app.state.services
    return _answer(await services.keeper.held(Origin(services.network, region, epoch)))


@router.post(
    _LOG + "/lead",
    summary="Follow a leader of the log's region",
    openapi_extra=takes({JSON: OBJECT}),
)
async def lead(request: Request, region: Region, epoch: Epoch) -> Response:
    """409 where a later leader is followed already."""
    right, body = await written_by(request)
    _require_home(right, region)
    services = request.app.state.services
    origin = Origin(services.network, region, epoch)
    return _answer(await services.keeper.lead(origin, read_lead(body)))


@router.post(
    _LOG + "/hold",
    summary="Store leaves of a log and move its lock",
    openapi_extra=takes({LINES: TEXT}),
)
async def hold(request: Request, region: Region, epoch: Epoch) -> Response:
    """NDJSON; answered once all of it is durable here."""
    right, body = await written_by(request)
    _require_home(right, region)
    services = request.app.state.services
    origin = Origin(services.network, region, epoch)
    return _answer(await services.keeper.hold(origin, read_hold(body, MOST_LEAVES)))


def _require_home(right: Right, region: str) -> None:
    if right.peer != region:
        raise ForbiddenError("home_only", f"only {region} itself has its logs held")


def _answer(holding: Holding) -> Response:
    return Response(write_holding(holding), media_type=JSON)
