"""The gateway's JSON API: search, dossier, evidence, policy; described in OpenAPI 3.1."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Header, Path, Query, Request
from fastapi.responses import Response

from gateway.answers import (
    DossierAnswer,
    DossierLine,
    ReadAs,
    RecordLine,
    RegionAnswer,
    SearchAnswer,
    problems,
)
from gateway.door import door_of
from gateway.finding import Findings, Held
from gateway.language import PROGRAMS, texts_of
from gateway.replies import strong_tag, tagged
from ledger.bundle import encode_bundle
from ledger.dossier.item import Dossier
from ledger.errors import InputError, UnavailableError
from ledger.verify.policy import encode_policy
from ledger.verify.report import report_json

router = APIRouter(
    prefix="/api", responses={304: {"description": "What the caller has is current"}}
)

Text = Annotated[str, Query(max_length=200, description="any identifier of the shipment")]
Of = Annotated[str, Query(max_length=64, description="id of a record of the dossier that is meant")]
Id = Annotated[str, Path(pattern="^[0-9a-f]{64}$", description="statement id")]
Language = Annotated[
    str | None,
    Query(
        pattern="^(zh|en)(-[A-Za-z0-9]{1,8})*$",
        description="of reasons: zh or en; without it, Accept-Language",
    ),
]
IfNoneMatch = Annotated[str | None, Header()]

_BUNDLE: dict[int | str, dict[str, Any]] = {
    200: {"description": "A bundle, see docs/protocol", "content": {"application/json": {}}}
}
_CURSOR = re.compile(r"[0-9a-f]{64}")


@router.get(
    "/search",
    summary="Find records and the dossiers they belong to",
    responses={200: {"model": SearchAnswer}, **problems(422, 503)},
)
async def search(
    request: Request,
    q: Text,
    cursor: Annotated[str | None, Query(max_length=64)] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    if_none_match: IfNoneMatch = None,
) -> Response:
    """Records that carry the number, by dossier; ``next`` goes on where this page ends."""
    findings = await door_of(request).finder.find(q)
    records = [findings.held[item.id] for dossier in findings.dossiers for item in dossier.items]
    start = _start(cursor, records, findings)
    page = records[start : start + limit]
    answer = SearchAnswer(
        **_asked(findings),
        dossiers=[_dossier_line(dossier) for dossier in findings.dossiers],
        records=[_record_line(held) for held in page],
        next=page[-1].view.id if start + limit < len(records) else None,
    )
    return tagged(answer.model_dump_json().encode(), if_none_match)


@router.get(
    "/dossier",
    summary="A dossier with the state of every check",
    responses={200: {"model": DossierAnswer}, **problems(404, 422, 503)},
)
async def dossier(
    request: Request,
    q: Text,
    of: Of = "",
    lang: Language = None,  # noqa: ARG001 - read with the headers, by texts_of
    if_none_match: IfNoneMatch = None,
) -> Response:
    """All records of one consignment over the regions, each verified by this site."""
    door, language = door_of(request), texts_of(request, PROGRAMS).lang
    findings = await door.finder.find(q)
    judged = await door.evidencer.dossier(findings, _chosen(findings, of))
    report = report_json(judged.report, language[:2])
    answer = DossierAnswer(**_asked(findings), checked_by="gateway", report=report)
    # Weak, and without the time of the checking: the same verdict a second later is no other answer.
    same = answer.model_copy(update={"report": report | {"at": None}})
    tag = f"W/{strong_tag(orjson.dumps([language, same.model_dump()]))}"
    return tagged(orjson.dumps(answer.model_dump()), if_none_match, tag=tag, language=language)


@router.get(
    "/dossier/bundle",
    summary="The evidence of a dossier, to be carried away",
    responses={**_BUNDLE, **problems(404, 422, 503)},
)
async def dossier_bundle(
    request: Request, q: Text, of: Of = "", if_none_match: IfNoneMatch = None
) -> Response:
    """One bundle file for all records of the dossier."""
    door = door_of(request)
    findings = await door.finder.find(q)
    judged = await door.evidencer.dossier(findings, _chosen(findings, of))
    return _bundle(encode_bundle(judged.bundle), "dossier", if_none_match)


@router.get(
    "/records/{id}/bundle",
    summary="The evidence of one record",
    responses={**_BUNDLE, **problems(404, 422, 503)},
)
async def record_bundle(request: Request, id: Id, if_none_match: IfNoneMatch = None) -> Response:  # noqa: A002
    """One bundle file for one record."""
    bundle = await door_of(request).evidencer.record(id)
    return _bundle(encode_bundle(bundle), id[:12], if_none_match)


@router.get(
    "/policy", summary="The verifier's policy that this site uses", responses=problems(422, 503)
)
async def policy(request: Request, if_none_match: IfNoneMatch = None) -> Response:
    """For trying out: a reader who does not trust this site gets the policy from elsewhere."""
    return tagged(encode_policy(door_of(request).policy), if_none_match)


@router.get(
    "/network", summary="Regions, logs, keys and chain of the network", responses=problems(422, 503)
)
async def network(request: Request, if_none_match: IfNoneMatch = None) -> Response:
    """network.json as this site uses it."""
    return tagged(door_of(request).network_json, if_none_match)


def _chosen(findings: Findings, of: str) -> Dossier:
    if of:
        chosen = findings.dossier_with(of)
    else:
        chosen = findings.dossiers[0] if len(findings.dossiers) == 1 else None
    if chosen is None and findings.dossiers:
        raise InputError("dossier_ambiguous", "name a record of the dossier that is meant", "/of")
    if chosen is None:
        raise InputError("record_unknown", "no region that answered holds such a record", "/q")
    return chosen


def _asked(findings: Findings) -> dict[str, Any]:
    return {
        "query": findings.query,
        "read_as": [
            ReadAs(type=c.type, value=c.value, problem=c.problem, expected=c.expected)
            for c in findings.candidates
        ],
        "regions": [
            RegionAnswer(region=name, answered=answered) for name, answered in findings.answers()
        ],
    }


def _dossier_line(dossier: Dossier) -> DossierLine:
    first, last = dossier.items[0], dossier.items[-1]
    return DossierLine(
        of=first.id,
        bills=list(dossier.bills),
        records=len(dossier.items),
        first=first.time,
        last=last.time,
    )


def _record_line(held: Held) -> RecordLine:
    view = held.view
    return RecordLine(
        id=view.id,
        kind=view.kind,
        key=held.item.key if held.item else None,
        time=held.item.time if held.item else None,
        version=view.version,
        region=view.region,
        status=view.status,
        held_by=sorted(held.holders),
    )


def _start(cursor: str | None, records: Sequence[Held], findings: Findings) -> int:
    """Where the page begins: after the record that the page before ended with, wherever that stands now."""
    if cursor is None:
        return 0
    if not _CURSOR.fullmatch(cursor):
        raise InputError("cursor_malformed", "not a cursor of this site", "/cursor")
    for number, held in enumerate(records):
        if held.view.id == cursor:
            return number + 1
    if findings.silent:
        raise UnavailableError(
            "region_silent", f"no answer from {', '.join(sorted(findings.silent))}"
        )
    raise InputError(
        "cursor_stale", "the record that the last page ended with is not here", "/cursor"
    )


def _bundle(data: bytes, name: str, if_none_match: str | None) -> Response:
    response = tagged(data, if_none_match)
    response.headers["Content-Disposition"] = f'attachment; filename="{name}.bundle.json"'
    return response
