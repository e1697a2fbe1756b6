"""Every request has a name, in the answer and in the log; nothing else of it that only some may read."""

import asyncio
import logging

import httpx2
import pytest
from fastapi import FastAPI
from fastapi.responses import PlainTextResponse

from ledger.api.bodies import BodyLimit
from ledger.api.requestids import REQUEST_ID, RequestIds
from tests.unit.anchoring.support import HandClock
from tests.unit.mirroring.holding import SeededRandom


def made() -> FastAPI:
    app, clock = FastAPI(), HandClock()

    @app.api_route("/records/{name}", methods=["GET", "POST"])
    async def record(name: str) -> PlainTextResponse:
        clock.turn(0.012)
        if name == "bad":
            raise RuntimeError
        return PlainTextResponse(REQUEST_ID.get())

    app.add_middleware(BodyLimit, most=10, between_nodes={})
    app.add_middleware(RequestIds, clock=clock, random=SeededRandom("names"))
    return app


async def ask(app: FastAPI, method: str, path: str, **how) -> httpx2.Response:
    transport = httpx2.ASGITransport(app, raise_app_exceptions=False)
    async with httpx2.AsyncClient(transport=transport, base_url="http://node") as http:
        return await http.request(method, path, **how)


def call(method: str, path: str, app: FastAPI | None = None, **how) -> httpx2.Response:
    return asyncio.run(ask(app or made(), method, path, **how))


@pytest.fixture
def lines(caplog):
    caplog.set_level(logging.DEBUG, "ledger.api.requestids")
    return lambda: [one for one in caplog.records if one.name == "ledger.api.requestids"]


def test_the_clients_name_is_kept_in_answer_and_request():
    answer = call("GET", "/records/a", headers={"X-Request-Id": "case-7.of_today"})
    assert answer.headers["x-request-id"] == answer.text == "case-7.of_today"


@pytest.mark.parametrize("given", ["", "two words", "a" * 65, 'x","level":"error', "名"])
def test_a_name_that_would_spoil_the_log_is_not_taken(given):
    answer = call("GET", "/records/a", headers={"X-Request-Id": given.encode()})
    assert answer.headers["x-request-id"] == answer.text
    assert bytes.fromhex(answer.text).__len__() == 8


def test_two_requests_have_two_names_and_none_is_left_over():
    async def both() -> set[str]:
        app = made()
        answers = [await ask(app, "GET", "/records/a") for _ in range(2)]
        return {one.text for one in answers}

    assert len(asyncio.run(both())) == 2
    assert REQUEST_ID.get() == ""


def test_the_line_says_what_was_asked_but_neither_query_nor_header_nor_body(lines):
    answer = call(
        "POST", "/records/a?value=SECRET1", content=b"SECRET2", headers={"Authorization": "SECRET3"}
    )
    assert answer.status_code == 200
    [line] = lines()
    said = (line.levelname, line.method, line.path, line.status, line.ms)
    assert said == ("INFO", "POST", "/records/a", 200, 12)
    assert "SECRET" not in str(line.__dict__)


def test_reading_that_went_well_is_for_those_who_look_closely(lines):
    call("GET", "/records/a")
    call("GET", "/nothing")
    assert [(line.levelname, line.status) for line in lines()] == [("DEBUG", 200), ("INFO", 404)]


def test_what_is_turned_away_or_fails_has_its_line_too(lines):
    assert call("POST", "/records/a", content=b"x" * 11).headers["x-request-id"]
    call("GET", "/records/bad")
    assert [(line.levelname, line.status) for line in lines()] == [("INFO", 413), ("INFO", 500)]
