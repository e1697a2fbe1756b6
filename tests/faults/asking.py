"""One HTTP request as a stranger makes it, whose answer counts whatever its status."""

import urllib.error
import urllib.request
from typing import NamedTuple


class Said(NamedTuple):
    """An answer: its status, its headers by lower-case name, its body."""

    status: int
    headers: dict[str, str]
    body: bytes


def ask(url: str, body: bytes | None = None, seconds: float = 30.0) -> Said:
    """GET, or POST of a record where there is a body; OSError where nobody answers in time."""
    request = urllib.request.Request(url, body, {"Content-Type": "application/sd-jwt"})
    try:
        with urllib.request.urlopen(request, timeout=seconds) as answer:
            return Said(answer.status, _lower(answer.headers), answer.read())
    except urllib.error.HTTPError as error:
        # A refusal is an answer, too, and comes as JSON or as a page.
        return Said(error.code, _lower(error.headers), error.read())


def _lower(headers) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}
