import asyncio
import hashlib
import json
import sys
from itertools import count

import httpx2
import pytest

from ledger.bundle import Bundle, Evidence, encode_bundle
from ledger.client import GatewayClient, NodeClient, PeerClient, ReadTokens
from ledger.errors import (
    ConflictError,
    ForbiddenError,
    InputError,
    UnavailableError,
    VerificationError,
)
from ledger.problems import MEDIA_TYPE, problem
from ledger.statement.jws import parse_read_token
from ledger.testing.kit import NoteKey
from ledger.values import Origin, StatementId
from tests.unit.anchoring.support import NETWORK, HandClock

ORIGIN = Origin(NETWORK, "beijing", 1)
RECEIPT = {
    "id": "ab" * 32, "origin": str(ORIGIN), "index": 3, "received": 5, "leaf": "{}", "proof": "p",
}  # fmt: skip
VIEW = {
    "id": "ab" * 32, "region": "beijing", "origin": str(ORIGIN), "index": 3, "received": 5,
    "kind": "invoice", "version": 1, "status": "anchored", "statement": "a~", "closed": 2,
    "mirror": False,
}  # fmt: skip
BUNDLE = Bundle((Evidence("s", "l", "p"),), (), ())


class Numbers:
    def __init__(self):
        self._count = count()

    def bytes(self, n):
        return hashlib.sha256(b"%d" % next(self._count)).digest()[:n]


class Server:
    """Answers by path; keeps the requests."""

    def __init__(self, **answers):
        self.answers = answers
        self.requests: list[httpx2.Request] = []
        self.http = httpx2.AsyncClient(transport=httpx2.MockTransport(self.handle))

    def handle(self, request):
        self.requests.append(request)
        answer = self.answer
        if isinstance(answer, Exception):
            raise answer
        return answer

    def says(self, status, content=b"", media_type="application/json"):
        data = content if isinstance(content, bytes) else json.dumps(content).encode()
        self.answer = httpx2.Response(status, content=data, headers={"content-type": media_type})
        return self

    def refuses(self, status, code):
        return self.says(status, problem(status, code, "no") | {"path": "/x"}, MEDIA_TYPE)

    def fails(self, error):
        self.answer = error
        return self


def run(work):
    return asyncio.run(work)


def node(server, **how):
    return NodeClient("http://node", server.http, **how)


def peer(server):
    tokens = ReadTokens.of_peer(
        f"{NETWORK}/beijing", NoteKey(f"{NETWORK}/tianjin/peer"), HandClock(), Numbers()
    )
    return PeerClient("beijing", "http://node/", tokens, server.http)


def test_a_receipt_and_a_view_are_typed():
    receipt = run(node(Server().says(201, RECEIPT)).submit("a.b.c~"))
    assert (receipt.index, receipt.origin) == (3, str(ORIGIN))
    view = run(node(Server().says(200, VIEW)).record("ab" * 32))
    assert (view.status, view.mirror, view.closed) == ("anchored", False, 2)


@pytest.mark.parametrize(
    "wrong", [{"index": "3"}, {"index": True}, {"id": None}, {"mirror": 0}, {"statement": 1}]
)
def test_an_answer_of_another_shape_is_refused(wrong):
    with pytest.raises(VerificationError) as caught:
        run(node(Server().says(200, VIEW | wrong)).record("ab" * 32))
    assert caught.value.code == "bad_answer"


@pytest.fixture
def no_guard():
    """A node's own libraries raise the recursion limit, on which alone a JSON decoder relies."""
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(1_000_000)
    yield
    sys.setrecursionlimit(before)


@pytest.mark.usefixtures("no_guard")
@pytest.mark.parametrize(
    "content", [b"", b"[", b"[1]", b"\xff", b"[" * 100_000, b'{"a":' * 100_000]
)
def test_an_answer_that_is_no_object_is_refused(content):
    with pytest.raises(VerificationError) as caught:
        run(node(Server().says(200, content)).record("ab" * 32))
    assert caught.value.code == "bad_answer"


@pytest.mark.parametrize(
    ("status", "code", "family"),
    [
        (404, "record_unknown", InputError),
        (409, "record_conflict", ConflictError),
        (403, "kind_forbidden", ForbiddenError),
        (422, "field_unknown", InputError),
        (503, "busy", UnavailableError),
        (500, "internal", UnavailableError),
    ],
)
def test_a_problem_becomes_the_error_it_came_from(status, code, family):
    with pytest.raises(family) as caught:
        run(node(Server().refuses(status, code)).submit("a.b.c~"))
    assert caught.value.code == code
    assert type(caught.value) is family
    assert getattr(caught.value, "path", "/x") == "/x"


@pytest.mark.parametrize(
    "error",
    [
        httpx2.ConnectError("refused"),
        httpx2.ReadTimeout("slow"),
        httpx2.RemoteProtocolError("cut"),
        httpx2.ReadError("reset"),
    ],
)
def test_silence_is_unavailable_under_the_name_of_who_is_silent(error):
    for client, code in (
        (lambda s: node(s).network(), "node_unavailable"),
        (lambda s: peer(s).checkpoint(ORIGIN), "peer_unavailable"),
        (lambda s: GatewayClient("http://gate", s.http).network(), "gateway_unavailable"),
    ):
        with pytest.raises(UnavailableError) as caught:
            run(client(Server().fails(error)))
        assert caught.value.code == code


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("Mon, 02 Mar 2026 00:00:00 GMT", 1_772_409_600_000),
        ("Mon, 02 Mar 2026 00:00:00 -0000", None),
        ("yesterday", None),
        ("Mon, 99 Mar 2026 00:00:00 GMT", None),
        (None, None),
    ],
)
def test_a_peer_tells_the_time_by_the_date_of_its_answer(said, expected):
    server = Server().says(200, b"ok\n", "text/plain")
    if said is not None:
        server.answer.headers["date"] = said
    if expected is None:
        with pytest.raises(VerificationError) as caught:
            run(peer(server).time())
        assert caught.value.code == "bad_answer"
    else:
        assert run(peer(server).time()) == expected


def test_a_page_of_somebody_in_between_is_no_answer_of_the_node():
    with pytest.raises(UnavailableError) as caught:
        run(node(Server().says(404, b"<html>", "text/html")).record("ab" * 32))
    assert caught.value.code == "node_unavailable"


def test_an_endless_answer_is_cut_off():
    server = Server().says(200, b"x" * (600 * 1024), "text/plain")
    with pytest.raises(VerificationError) as caught:
        run(peer(server).checkpoint(ORIGIN))
    assert caught.value.code == "bad_answer"


def test_many_are_posted_in_batches_and_answered_in_order():
    server = Server()

    def handle(request):
        server.requests.append(request)
        lines = [json.loads(line)["statement"] for line in request.content.splitlines()]
        answers = [
            {"line": at, "problem": problem(409, "record_conflict", "no")}
            if line == "s3"
            else {"line": at, "receipt": RECEIPT | {"leaf": line}}
            for at, line in enumerate(lines, 1)
        ]
        content = "".join(json.dumps(answer) + "\n" for answer in answers)
        return httpx2.Response(200, text=content)

    server.handle = handle
    http = httpx2.AsyncClient(transport=httpx2.MockTransport(handle))

    async def post():
        client = NodeClient("http://node", http)
        return [one async for one in client.submit_many((f"s{n}" for n in range(5)), batch=2)]

    answers = run(post())
    assert [one.line for one in answers] == [0, 1, 2, 3, 4]
    assert [one.receipt and one.receipt.leaf for one in answers] == ["s0", "s1", "s2", None, "s4"]
    assert isinstance(answers[3].error, ConflictError)
    assert [len(r.content.splitlines()) for r in server.requests] == [2, 2, 1]


def test_a_batch_that_is_cut_short_is_not_taken_for_answered():
    server = Server().says(200, json.dumps({"line": 1, "receipt": RECEIPT}).encode() + b"\n")

    async def post():
        return [one async for one in node(server).submit_many(["a", "b"])]

    with pytest.raises(VerificationError):
        run(post())


def test_read_tokens_name_the_request_exactly_as_it_is_sent():
    server = Server().says(200, b"", "application/x-ndjson")

    async def ask():
        client = peer(server)
        await client.feed(ORIGIN, 5, 10)
        await client.signed_part(StatementId(bytes(32)))
        await client.checkpoint(ORIGIN, 7)

    run(ask())
    feed, part, checkpoint = server.requests
    token = parse_read_token(feed.headers["authorization"].removeprefix("Bearer "))
    assert token.htu == "/logs/beijing/1/feed?start=5&count=10" == feed.url.raw_path.decode()
    assert (token.htm, token.aud) == ("GET", f"{NETWORK}/beijing")
    assert token.kid == f"{NETWORK}/tianjin/peer"
    other = parse_read_token(part.headers["authorization"].removeprefix("Bearer "))
    assert other.jti != token.jti
    assert "authorization" not in checkpoint.headers
    assert checkpoint.url.path == "/logs/beijing/1/checkpoint/7"


def test_a_feed_is_read_line_by_line_and_never_longer_than_asked():
    line = json.dumps({"leaf": "l", "signed": "h.p.s", "disclosures": ["d"]}) + "\n"
    server = Server().says(200, (line * 3).encode(), "application/x-ndjson")
    fed = run(peer(server).feed(ORIGIN, 0, 2))
    assert len(fed) == 2
    assert (fed[0].leaf, fed[0].signed, fed[0].disclosures) == (b"l", b"h.p.s", ("d",))


@pytest.mark.parametrize(
    "line",
    [
        {},
        {"leaf": 1, "signed": "", "disclosures": []},
        {"leaf": "", "signed": "", "disclosures": [1]},
    ],
)
def test_a_line_that_is_not_of_a_feed_is_refused(line):
    server = Server().says(200, json.dumps(line).encode() + b"\n", "application/x-ndjson")
    with pytest.raises(VerificationError):
        run(peer(server).feed(ORIGIN, 0, 2))


def test_what_a_peer_does_not_hold_is_none_and_no_error():
    for code in ("not_found", "record_unknown", "log_unknown"):
        client = peer(Server().refuses(404, code))
        assert run(client.checkpoint(ORIGIN, 5)) is None
    client = peer(Server().refuses(404, "not_found"))
    assert run(client.cosignature(ORIGIN, 5)) is None
    client = peer(Server().refuses(403, "peer_only"))
    with pytest.raises(ForbiddenError):
        run(client.feed(ORIGIN, 0, 1))


def test_a_contradiction_comes_back_as_a_conflict():
    client = peer(Server().refuses(409, "checkpoint_contradiction"))
    with pytest.raises(ConflictError):
        run(client.send_checkpoint("note"))


def test_bundles_searches_and_pages():
    data = encode_bundle(BUNDLE)
    assert run(node(Server().says(200, data)).bundle("ab" * 32)) == BUNDLE
    server = Server().says(200, data)
    assert run(node(server).bundles(["ab" * 32])) == BUNDLE
    assert json.loads(server.requests[0].content) == {"ids": ["ab" * 32]}
    server = Server().says(200, {"results": [VIEW], "next": "c"})
    page = run(node(server).search("价", "bill", "o:1", 5))
    assert (len(page.results), page.next) == (1, "c")
    assert dict(server.requests[0].url.params) == {
        "value": "价", "type": "bill", "cursor": "o:1", "limit": "5",
    }  # fmt: skip
    server = Server().says(200, {"results": [VIEW, VIEW], "next": None})
    found = run(node(server).search_many([("bill", str(n)) for n in range(70)]))
    assert len(found) == 1
    assert len(server.requests) == 2
    gateway = GatewayClient("http://gate", Server().says(200, data).http)
    assert run(gateway.dossier_bundle("X", "ab" * 32)) == BUNDLE


def test_a_client_that_was_given_stays_open_and_an_own_one_is_closed():
    server = Server().says(200, {"v": 1})

    async def use():
        async with NodeClient("http://node", server.http) as client:
            await client.network()
        await server.http.get("http://node/")
        own = NodeClient("http://127.0.0.1:9")
        await own.close()

    run(use())
    assert len(server.requests) == 2
