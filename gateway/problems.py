"""Errors of the gateway as RFC 9457 problems for programs and as a page for people."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

import orjson
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from starlette.exceptions import HTTPException

from gateway.headers import HEADERS
from gateway.language import PROGRAMS, texts_of
from gateway.pages import problem_page, problem_words
from ledger.errors import LedgerError
from ledger.problems import MEDIA_TYPE, headers_of, problem, problem_of

_LOG = logging.getLogger(__name__)
_CODE_OF_STATUS = {404: "not_found", 405: "method_not_allowed", 413: "body_too_large"}


def install(app: FastAPI) -> None:
    """Make every error of the app a problem; under /api as JSON, elsewhere as a page."""

    @app.exception_handler(LedgerError)
    async def _ledger(request: Request, error: LedgerError) -> Response:
        return _answer(request, problem_of(error), headers_of(error))

    @app.exception_handler(HTTPException)
    async def _http(request: Request, error: HTTPException) -> Response:
        code = _CODE_OF_STATUS.get(error.status_code, "bad_request")
        body = problem(error.status_code, code, str(error.detail))
        return _answer(request, body, error.headers or {})

    @app.exception_handler(RequestValidationError)
    async def _request(request: Request, error: RequestValidationError) -> Response:
        first = error.errors()[0]
        path = "/" + "/".join(str(part) for part in first["loc"][1:])
        return _answer(
            request, problem(422, "parameter_invalid", str(first["msg"])) | {"path": path}, {}
        )

    @app.exception_handler(Exception)
    async def _internal(request: Request, error: Exception) -> Response:
        _LOG.error("unexpected error", exc_info=error)
        body = problem(500, "internal", "the request could not be answered")
        # Made outside every middleware: it has to bring its headers itself.
        return _answer(request, body, HEADERS)


def _answer(request: Request, body: Mapping[str, Any], headers: Mapping[str, str]) -> Response:
    if not request.url.path.startswith("/api/"):
        response = problem_page(request, body)
        response.headers.update(headers)
        return response
    texts = texts_of(request, PROGRAMS)
    # The English detail names what is meant; only a reader of Chinese gains by the page's words.
    said = {} if texts.lang == PROGRAMS else {"detail": problem_words(body, texts)}
    return Response(
        orjson.dumps({**body, **said}),
        status_code=body["status"],
        media_type=MEDIA_TYPE,
        headers={
            "Content-Language": texts.lang,
            "Vary": "Accept-Language, Cookie",
            **headers,
        },
    )
