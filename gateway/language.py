"""Which language a reader wants: the URL, then the cookie, then the browser, then the door's own."""

from __future__ import annotations

from collections.abc import Iterator

from fastapi import Request

from gateway.texts import Texts, texts_for

PAGES = "zh-CN"
"""What a page speaks to a reader who says nothing."""
PROGRAMS = "en"
"""What the API speaks to a program that says nothing."""


def texts_of(request: Request, default: str = PAGES) -> Texts:
    """The catalogue for this request."""
    wanted = request.query_params.get("lang") or request.cookies.get("lang")
    return texts_for(wanted or _preferred(request.headers.get("accept-language", "")) or default)


def _preferred(header: str) -> str:
    """The language of ours that the header likes best (RFC 9110 12.5.4); '' where it names neither."""
    known = [(weight, tag) for tag, weight in _weighed(header) if tag.startswith(("zh", "en"))]
    # The first of equals, as browsers list them in the order of liking.
    return max(known, key=lambda one: one[0], default=(0.0, ""))[1]


def _weighed(header: str) -> Iterator[tuple[str, float]]:
    for part in header.split(","):
        tag, _, parameter = part.strip().lower().partition(";")
        name, _, value = parameter.strip().partition("=")
        weight = _weight(value) if name == "q" else 1.0
        if weight > 0:
            yield tag.strip(), weight


def _weight(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        # Not of the form: nothing that can be wanted.
        return 0.0
