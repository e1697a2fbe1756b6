"""What every answer carries, the unexpected one as well; and HEAD."""

import asyncio

import pytest

from gateway.headers import HEADERS, Outgoing

PATHS = [
    "/",
    "/search?q=DEMU0000016",
    "/nothing",
    "/static/page.css",
    "/api/policy",
    "/api/nothing",
]


def carried(answer):
    return {name: answer.headers.get(name) for name in HEADERS}


@pytest.mark.parametrize("path", PATHS)
def test_every_answer_keeps_to_itself(site, path):
    assert carried(site.get(path)) == HEADERS


@pytest.mark.parametrize("path", ["/search?q=DEMU0000016&lang=en", "/api/search?q=DEMU0000016"])
def test_an_unexpected_error_says_nothing_and_keeps_to_itself(site, path, caplog):
    def broken():
        raise ZeroDivisionError("a secret")

    site.app.state.door, kept = broken, site.app.state.door
    try:
        answer = site.get(path)
    finally:
        site.app.state.door = kept
    assert answer.status_code == 500
    assert "secret" not in answer.text
    assert "internal" in answer.text
    assert carried(answer) == HEADERS
    assert "ZeroDivisionError" in caplog.text


@pytest.mark.parametrize("path", PATHS)
def test_head_is_get_without_its_body(site, path):
    whole, bare = site.get(path), site.head(path)
    assert (bare.status_code, bare.content) == (whole.status_code, b"")
    assert bare.headers["content-length"] == whole.headers["content-length"]
    assert bare.headers["content-type"] == whole.headers["content-type"]


def test_no_byte_of_a_body_goes_out_on_head():
    """Asked without a client between: most drop such a body themselves."""
    sent, seen = [], []

    async def app(scope, receive, send):
        seen.append(scope["method"])
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"abc", "more_body": True})
        await send({"type": "http.response.body", "body": b"def"})

    async def send(message):
        sent.append(message)

    scope = {"type": "http", "method": "HEAD"}
    asyncio.run(Outgoing(app)(scope, None, send))
    assert (seen, scope["method"]) == (["GET"], "HEAD")
    assert [one.get("body", b"") for one in sent] == [b"", b"", b""]
    assert sent[1]["more_body"] is True
