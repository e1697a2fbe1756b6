"""RFC 9457 problem objects: one mapping between the error tree and what HTTP carries, both ways."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ledger.errors import (
    ConflictError,
    ForbiddenError,
    InputError,
    LedgerError,
    UnavailableError,
    VerificationError,
)

MEDIA_TYPE = "application/problem+json"

_STATUS_OF_CODE = {
    "record_unknown": 404,
    "log_unknown": 404,
    "not_found": 404,
    "method_not_allowed": 405,
    "body_too_large": 413,
    "statement_too_large": 413,
    "media_type_unsupported": 415,
    "rate_limited": 429,
    "token_missing": 401,
    "token_invalid": 401,
    "bad_request": 400,
    "internal": 500,
}
_TITLES = {
    400: "Bad request",
    401: "Not authenticated",
    403: "Forbidden",
    404: "Not found",
    405: "Method not allowed",
    408: "Too slow",
    409: "Conflict",
    413: "Too large",
    415: "Unsupported media type",
    422: "Not acceptable",
    429: "Too many requests",
    431: "Too large",
    500: "Internal error",
    503: "Unavailable",
}
_FAMILY_OF_STATUS: dict[int, type[InputError]] = {403: ForbiddenError, 409: ConflictError}


def status_of(error: LedgerError) -> int:
    """HTTP status of an error of the tree."""
    if error.code in _STATUS_OF_CODE:
        return _STATUS_OF_CODE[error.code]
    match error:
        case ConflictError():
            return 409
        case ForbiddenError():
            return 403
        case InputError() | VerificationError():
            return 422
        case UnavailableError():
            return 503
        case _:
            return 500


def problem_of(error: LedgerError) -> dict[str, Any]:
    """The problem object of an error: type, title, status, detail, code and, where there is one, path."""
    body = problem(status_of(error), error.code, error.detail)
    path = getattr(error, "path", "")
    return body | {"path": path} if path else body


def problem(status: int, code: str, detail: str) -> dict[str, Any]:
    """A problem object for an HTTP status that no error of the tree stands for."""
    return {
        "type": f"urn:jjj:problem:{code}",
        "title": _TITLES.get(status, "Error"),
        "status": status,
        "detail": detail,
        "code": code,
    }


def headers_of(error: LedgerError) -> dict[str, str]:
    """Headers that go with an error: Retry-After, WWW-Authenticate."""
    if isinstance(error, UnavailableError):
        return {"Retry-After": str(error.retry_after)}
    if error.code == "rate_limited":
        return {"Retry-After": "60"}
    return {"WWW-Authenticate": "Bearer"} if status_of(error) == 401 else {}


def error_of(body: Mapping[str, Any], status: int) -> LedgerError:
    """The error that a problem object came from, as far as its members tell."""
    code, detail = str(body.get("code", "bad_answer")), str(body.get("detail", ""))
    if status >= 500:
        return UnavailableError(code, detail)
    return _FAMILY_OF_STATUS.get(status, InputError)(code, detail, str(body.get("path", "")))
