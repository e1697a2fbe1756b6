"""Makes every error of a FastAPI app an RFC 9457 problem, those of the framework too."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

import orjson
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from ledger.errors import FatalError, LedgerError
from ledger.problems import MEDIA_TYPE, headers_of, problem, problem_of

_LOG = logging.getLogger(__name__)
_CODE_OF_STATUS = {
    404: "not_found",
    405: "method_not_allowed",
    408: "body_too_slow",
    413: "body_too_large",
}


def install(app: FastAPI) -> None:
    """Make every error of the app a problem, those of the framework too."""

    @app.exception_handler(LedgerError)
    async def _ledger(_request: Request, error: LedgerError) -> Response:
        if isinstance(error, FatalError):
            _LOG.critical("%s", error)
        return answer(problem_of(error), headers_of(error))

    @app.exception_handler(HTTPException)
    async def _http(_request: Request, error: HTTPException) -> Response:
        code = _CODE_OF_STATUS.get(error.status_code, "bad_request")
        return answer(problem(error.status_code, code, str(error.detail)), error.headers or {})

    @app.exception_handler(ClientDisconnect)
    async def _gone(_request: Request, _error: ClientDisconnect) -> Response:
        # Nobody reads it; for the log it is no error of ours that a client hung up.
        return answer(problem(400, "bad_request", "the client hung up"), {})

    @app.exception_handler(RequestValidationError)
    async def _request(_request: Request, error: RequestValidationError) -> Response:
        first = error.errors()[0]
        path = "/" + "/".join(str(part) for part in first["loc"][1:])
        return answer(problem(422, "parameter_invalid", str(first["msg"])) | {"path": path}, {})

    @app.exception_handler(Exception)
    async def _internal(_request: Request, error: Exception) -> Response:
        # The trace goes to the log only: an answer must not tell a stranger how we are built.
        _LOG.error("unexpected error", exc_info=error)
        return answer(problem(500, "internal", "the request could not be answered"), {})


def answer(body: Mapping[str, Any], headers: Mapping[str, str]) -> Response:
    """The HTTP answer with that problem object."""
    return Response(
        orjson.dumps(body), status_code=body["status"], media_type=MEDIA_TYPE, headers=dict(headers)
    )
