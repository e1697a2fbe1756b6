"""The page: search, dossier, nothing found; one template each, no build step, nothing from elsewhere."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response
from fastapi.templating import Jinja2Templates

from gateway.door import Door, door_of
from gateway.finding import Findings
from gateway.language import texts_of
from gateway.names import region_title
from gateway.ownfile import unknown_file
from gateway.texts import SIGNS, Texts
from gateway.view import view_of
from ledger.dossier.item import Dossier
from ledger.values import Millis

router = APIRouter(include_in_schema=False)
_templates = Jinja2Templates(Path(__file__).parent / "web" / "templates")

# Recognised only where the check digit is right.
_WITH_CHECK_DIGIT = frozenset({"container", "imo", "uscc", "awb"})


@dataclass(frozen=True, slots=True)
class ReadAs:
    """What the search text was read as."""

    text: str
    wrong: bool


@router.get("/")
async def start(request: Request) -> Response:
    """The start page: one box, examples, drop a file."""
    return _page(request, "start.html", examples=door_of(request).examples)


@router.get("/search")
async def search(
    request: Request,
    q: str = Query("", max_length=200),
    of: str = Query("", max_length=64),
    file: str = Query("", max_length=1),
) -> Response:
    """The dossier with this number; a choice where there are several.

    ``file`` says that the number is the digest of a file the reader dropped on the page.
    """
    door = door_of(request)
    if not q.strip():
        return _page(request, "start.html", examples=door.examples)
    texts = texts_of(request)
    findings = await door.finder.find(q)
    shared: dict[str, Any] = {"query": q, "read_as": _read_as(findings, texts)}
    dossier = findings.dossier_with(of) if of else None
    if dossier is None and len(findings.dossiers) > 1:
        choices = [_choice(q, one) for one in findings.dossiers]
        regions = _regions(findings, texts)
        return _page(request, "choose.html", choices=choices, regions=regions, **shared)
    dossier = dossier or next(iter(findings.dossiers), None)
    if dossier is None:
        return _page(
            request,
            "nothing.html",
            regions=_regions(findings, texts),
            said=_nothing(findings, texts),
            file=unknown_file(q, _silent(findings, texts), texts) if file else None,
            **shared,
        )
    return await _dossier(request, door, findings, dossier, shared)


async def _dossier(
    request: Request, door: Door, findings: Findings, dossier: Dossier, shared: Mapping[str, Any]
) -> Response:
    texts = texts_of(request)
    judged = await door.evidencer.dossier(findings, dossier)
    judged = await door.evidencer.with_mirrors(findings, judged)
    view = view_of(findings, dossier, judged, texts)
    # After the evidence was fetched: a region may have fallen silent in between.
    return _page(request, "dossier.html", view=view, regions=_regions(findings, texts), **shared)


def problem_page(request: Request, body: Mapping[str, Any]) -> Response:
    """An error as a page a person can read; the code is the one programs get."""
    texts = texts_of(request)
    return _page(
        request,
        "problem.html",
        status=int(body["status"]),
        title=texts.problem_title,
        detail=problem_words(body, texts),
        code=body["code"],
    )


def problem_words(body: Mapping[str, Any], texts: Texts) -> str:
    """A problem in the reader's language; where no words are known for its code, its own detail."""
    known: str = texts.problems.get(body["code"], "")
    return known or str(body["detail"])


def _page(request: Request, template: str, status: int = 200, **context: Any) -> Response:  # noqa: ANN401
    texts = texts_of(request)
    other = "en" if texts.lang != "en" else "zh-CN"
    query = dict(request.query_params) | {"lang": other}
    theme = request.cookies.get("theme", "")
    response = _templates.TemplateResponse(
        request,
        template,
        {
            "t": texts,
            "signs": SIGNS,
            "theme": theme if theme in ("light", "dark") else "",
            "other_language": {
                "url": f"{request.url.path}?{urlencode(query)}",
                "lang": other,
                "name": "English" if other == "en" else "中文",
            },
            **context,
        },
        status_code=status,
    )
    response.headers["Cache-Control"] = "no-cache"
    response.headers["Content-Language"] = texts.lang
    response.headers["Vary"] = "Accept-Language, Cookie"
    if "lang" in request.query_params:
        response.set_cookie("lang", texts.lang, max_age=31_536_000, samesite="lax")
    return response


def _read_as(findings: Findings, texts: Texts) -> ReadAs:
    first = next(iter(findings.candidates), None)
    if first is None:
        return ReadAs(texts.read_as_unknown, wrong=False)
    title = texts.identifiers.get(first.type, first.type)
    if first.problem is None:
        # Free-form numbers may be several things: say the one that was found.
        found = {
            one.type
            for d in findings.dossiers
            for i in d.items
            for one in i.identifiers
            if one.value == first.value
        }
        good = [one.type for one in findings.candidates if one.problem is None]
        kinds = [one for one in good if one in found][:1] or sorted(found)[:1] or good
        titles = texts.alternatives.join(texts.identifiers.get(one, one) for one in kinds)
        line = texts.read_as_checked if kinds[0] in _WITH_CHECK_DIGIT else texts.read_as
        return ReadAs(line.format(type=titles), wrong=False)
    text = texts.read_as_wrong.format(type=title)
    if first.expected:
        text += texts.read_as_right_digit.format(digit=first.expected)
    return ReadAs(text, wrong=True)


def _nothing(findings: Findings, texts: Texts) -> str:
    """Why there is nothing to show: no region was asked, none answered, or those that did know nothing."""
    if not findings.asked:
        return texts.nothing_unread
    if len(findings.silent) == len(findings.regions):
        return texts.nothing_unanswered
    if findings.silent:
        names = texts.list_joint.join(_silent(findings, texts))
        return texts.nothing_silent.format(regions=names)
    return texts.nothing_title


def _silent(findings: Findings, texts: Texts) -> list[str]:
    return [region_title(one, texts) for one in sorted(findings.silent)]


def _regions(findings: Findings, texts: Texts) -> Sequence[Mapping[str, Any]]:
    return [
        {"title": region_title(name, texts), "answered": answered}
        for name, answered in findings.answers()
    ]


def _choice(query: str, dossier: Dossier) -> Mapping[str, Any]:
    first, last = dossier.items[0], dossier.items[-1]
    return {
        "name": ", ".join(dossier.bills) or first.key,
        "url": f"/search?{urlencode({'q': query, 'of': first.id})}",
        "records": len(dossier.items),
        "first": _day(first.time),
        "last": _day(last.time),
    }


def _day(time: Millis) -> str:
    return datetime.fromtimestamp(time / 1000, UTC).strftime("%Y-%m-%d")
