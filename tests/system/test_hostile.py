"""Hostile bodies: refused with a code, where possible with the path, never by an error of our own."""

import json

import pytest

from ledger.statement import base64url
from tests.system.desk import LINES, SINGLE, Firm, disclosure, document, resign

IMPORTER = Firm.party("importer_bj")


def change_payload(desk, change, name: str) -> str:
    honest = desk.sign(IMPORTER, "tianjin", "document", document(f"hostile {name}"))
    return resign(honest, IMPORTER, change)


def swap(old: bytes, new: bytes):
    def change(data: bytes) -> bytes:
        assert old in data
        return data.replace(old, new, 1)

    return change


DEEP = b'"fields":{"a":' + b'{"a":' * 999 + b"1" + b"}" * 999 + b","
PAYLOADS = {
    "duplicate member": (swap(b'"version":1', b'"version":1,"version":1'), "/version"),
    "duplicate field": (swap(b'"fields":{', b'"fields":{"size":[{"...":"x"}],'), "/fields/size"),
    "NaN": (swap(b'"version":1', b'"version":NaN'), None),
    "Infinity": (swap(b'"version":1', b'"version":Infinity'), None),
    "float": (swap(b'"version":1', b'"version":1.0'), "/version"),
    "exponent": (swap(b'"version":1', b'"version":1e0'), "/version"),
    "huge integer": (swap(b'"version":1', b'"version":' + b"9" * 5000), None),
    "null": (swap(b'"version":1', b'"version":null'), "/version"),
    "boolean version": (swap(b'"version":1', b'"version":true'), "/version"),
    "lone surrogate": (swap(b'"synthetic data"', b'"\\ud800"'), "/source/basis"),
    "raw surrogate": (swap(b"synthetic data", b"\xed\xa0\x80"), None),
    "not UTF-8": (swap(b"synthetic data", b"\xff\xfe"), None),
    "not NFC": (swap(b"synthetic data", "e\u0301".encode()), "/source/basis"),
    "control character": (swap(b"synthetic data", b"a\x00b"), None),
    "deep": (swap(b'"fields":{', b'"fields":{"deep":' + b"[" * 4000 + b"]" * 4000 + b","), None),
    "deep objects": (swap(b'"fields":{', DEEP), None),
    "unknown claim": (swap(b'"version":1', b'"version":1,"exp":1'), None),
    "trailing": (lambda data: data + b"{}", None),
    "byte order mark": (lambda data: b"\xef\xbb\xbf" + data, None),
    "empty": (lambda data: b"", None),
    "list": (lambda data: b"[]", None),
}  # fmt: skip


@pytest.mark.parametrize("name", PAYLOADS)
def test_a_payload_is_read_strictly(desk, name):
    change, path = PAYLOADS[name]
    answer = desk.post("tianjin", change_payload(desk, change, name))
    problem = answer.json()
    assert answer.status_code in (403, 413, 422), problem
    assert answer.headers["content-type"] == "application/problem+json"
    assert problem["code"]
    assert problem["code"] != "internal"
    if path is not None:
        assert problem.get("path", "").startswith(path), problem


VALUES = {
    "NaN": "NaN",
    "float": "1.5",
    "duplicate": '{"a":1,"a":2}',
    "surrogate": '"\\udfff"',
    "deep": "[" * 3000 + "]" * 3000,
    "huge": "9" * 400,
    "null": "null",
    "not NFC": '"e\\u0301"',
    "half": '"abc',
    "empty": "",
}


@pytest.mark.parametrize("name", VALUES)
def test_a_disclosure_is_read_strictly(desk, name):
    """The author signs the digest of a value that no strict reader takes."""
    honest = desk.sign(IMPORTER, "tianjin", "document", document(f"value {name}"))
    made, digest = disclosure(VALUES[name])

    def change(data: bytes) -> bytes:
        payload = json.loads(data)
        payload["fields"]["title"] = [{"...": digest}]
        return json.dumps(payload).encode()

    answer = desk.post("tianjin", resign(honest, IMPORTER, change) + made + "~")
    problem = answer.json()
    assert answer.status_code == 422, problem
    assert problem["path"].startswith("/fields/title"), problem


def test_headers_say_exactly_three_things(desk):
    honest = desk.sign(IMPORTER, "tianjin", "document", document("header"))
    kid = IMPORTER.key.kid
    good = {"alg": "ES256", "typ": "customs-record+sd-jwt", "kid": kid}
    bad = [
        good | {"alg": "none"},
        good | {"alg": "HS256"},
        good | {"alg": "ES384"},
        good | {"typ": "JWT"},
        good | {"crit": ["b64"], "b64": False},
        good | {"jwk": {"kty": "oct", "k": "AA"}},
        good | {"x5c": []},
        good | {"kid": kid + "="},
        good | {"kid": 5},
        {"alg": "ES256", "kid": kid},
        [],
    ]
    for header in bad:
        answer = desk.post("tianjin", resign(honest, IMPORTER, lambda data: data, header))
        assert answer.status_code in (403, 422), (header, answer.text)
        assert answer.json()["code"] not in ("internal", "bad_request")


BODIES = [
    b"",
    b"~",
    b".",
    b"..~",
    b"...~~~",
    b"\xff\xfe\x00",
    b"\x00" * 1000,
    "é.é.é~".encode(),
    b"a" * (1 << 18),
    b"a" * ((1 << 18) + 1),
    b"~" * 200_000,
    b"." * 200_000,
    b"eyJhbGciOiJub25lIn0.e30.~",
    b"{" * 100_000,
    b'{"statement":' * 10_000,
    b'{"statement":"\\ud800"}',
    b'{"statement":"a.b.c~","statement":"d.e.f~"}',
    b"[" * 200_000 + b"\n" + b"]" * 200_000,
    b"NaN\n1e999\nnull\ntrue\n\n\n{}\n[]",
    b"\n" * 1999,
]


@pytest.mark.parametrize("media", [SINGLE, LINES, "application/json", "", "text/plain;x=y"])
def test_no_body_makes_the_node_fail(desk, town, media):
    before = len(town.heard.lines)
    for body in BODIES:
        answer = desk.post("tianjin", body, media)
        assert answer.status_code < 500, (body[:40], answer.text)
        if answer.status_code == 200:
            outcomes = [json.loads(line)["problem"] for line in answer.text.splitlines()]
            assert all(one["code"] for one in outcomes)
        else:
            assert answer.json()["code"]
    for path in ("/bundles", "/search", "/checkpoints"):
        for body in BODIES if media == "application/json" else BODIES[:6]:
            answer = desk.post("tianjin", body, media, path)
            assert 400 <= answer.status_code < 500, (path, body[:40], answer.text)
            assert answer.json()["code"]
    assert not [line for line in town.heard.lines[before:] if "unexpected" in line]


@pytest.mark.parametrize("path", ["/records", "/bundles", "/search", "/checkpoints"])
def test_nine_mebibytes_are_too_many(desk, path):
    for media in (SINGLE, LINES):
        answer = desk.post("tianjin", b"a" * (9 << 20), media, path)
        assert (answer.status_code, answer.json()["code"]) == (413, "body_too_large")
    # Also where no length is announced.
    chunks = (b"a" * (1 << 20) for _ in range(9))
    answer = desk.http.post(
        desk.url("tianjin", path), content=chunks, headers={"Content-Type": SINGLE}
    )
    assert (answer.status_code, answer.json()["code"]) == (413, "body_too_large")


LISTS = [
    b'{"ids":[]}', b'{"ids":["xyz"]}', b'{"ids":[1]}', b'{"ids":[null]}', b'{"ids":{}}',
    b'{"ids":["' + b"ab" * 31 + b'"]}', b'{"ids":[' + b'"' + b"ab" * 32 + b'",' * 300 + b'""]}',
    b'{"ids":["' + b" ab" * 32 + b'"]}',
    b'{"identifiers":[["bill"]]}', b'{"identifiers":[["bill",1]]}', b'{"identifiers":[["",""]]}',
    b'{"identifiers":[["bill","\\u0000"]]}', b'{"identifiers":[["' + b"b" * 9999 + b'","x"]]}',
    b'{"identifiers":"x"}', b'{"identifiers":[["bill","x"],["bill","' + b"x" * 400 + b'"]]}',
]  # fmt: skip


@pytest.mark.parametrize("body", LISTS)
@pytest.mark.parametrize("path", ["/bundles", "/search"])
def test_wrong_lists_are_refused_with_a_code(desk, body, path):
    answer = desk.post("tianjin", body, "application/json", path)
    assert answer.status_code < 500, answer.text
    if answer.status_code != 200:
        assert answer.json()["code"]


PATHS = [
    "/records/xyz", "/records/" + "A" * 64, "/records/" + "ab" * 32, "/records/" + "ab" * 33,
    "/records/%00", "/records/" + "%ff" * 32, "/search", "/search?value=", "/search?value=%00",
    "/search?value=%ff%fe", "/search?value=%ed%a0%80", "/search?value=" + "x" * 300,
    "/search?value=a&limit=0", "/search?value=a&limit=201", "/search?value=a&limit=9e9",
    "/search?value=a&cursor=x", "/search?value=a&cursor=x:99999999999999999999999",
    "/search?value=a&cursor=x:9223372036854775807", "/search?value=a&type=" + "t" * 40,
    "/search?value=a&value=b", "/search?value=%F0%9F%9A%A2", "/mine", "/nowhere",
    "/logs/tianjin/0/checkpoint", "/logs/tianjin/99999999999/checkpoint",
    "/logs/tianjin/x/checkpoint", "/logs/T/1/checkpoint", "/logs/atlantis/1/checkpoint",
    "/logs/tianjin/1/checkpoint/0", "/logs/tianjin/1/checkpoint/9223372036854775807",
    "/logs/tianjin/1/checkpoint/9223372036854775808", "/logs/tianjin/1/checkpoint/-1",
    "/logs/tianjin/1/tile/0/999", "/logs/tianjin/1/tile/99/000", "/logs/tianjin/1/tile/0/0",
    "/logs/tianjin/1/tile/0/000.p/0", "/logs/tianjin/1/tile/0/000.p/256",
    "/logs/tianjin/1/tile/0/x000/000", "/logs/tianjin/1/tile/0/x999/x999/x999/x999/x999/x999/999",
    "/logs/tianjin/1/tile/63/x036/x028/x797/x018/x963/967", "/logs/tianjin/1/tile/0/../../x",
    "/logs/tianjin/1/tile/entries/999", "/logs/tianjin/1/tile/entries/000.p/257",
    "/logs/tianjin/1/tile/0/%2e%2e", "/logs/tianjin/2/tile/0/000", "/logs/tianjin/1/feed",
    "/logs/tianjin/1/feed?start=0", "/statements/" + "ab" * 32, "/statements/x",
    "/logs/tianjin/1/cosignature/1", "/records?x=1",
]  # fmt: skip


@pytest.mark.parametrize("path", PATHS)
def test_no_path_makes_the_node_fail(desk, path):
    answer = desk.get("tianjin", path)
    assert answer.status_code < 500, answer.text
    if answer.status_code != 200:
        assert answer.json()["code"]
        assert answer.headers["content-type"] == "application/problem+json"


def test_a_peer_that_asks_for_the_impossible_is_refused_too(desk):
    for query in ("start=9223372036854775807", "start=9223372036854775808", "start=" + "9" * 40):
        tokens = desk.peer_tokens("beijing", "tianjin")
        answer = desk.get("tianjin", f"/logs/tianjin/1/feed?{query}", tokens)
        assert answer.status_code in (200, 422), (query, answer.text)


SURROGATE = b'{"alg":"Ed25519","typ":"customs-read+jwt","kid":"\\ud800"}'
AUTHORIZATIONS = [
    b"", b"Basic x", b"Bearer", b"Bearer x", b"Bearer a.b.c", b"Bearer " + b"a" * 9000,
    b"Bearer \xff\xfe", b"bearer ..", b"Bearer eyJhbGciOiJub25lIn0.e30.",
    b"Bearer " + base64url.encode(SURROGATE).encode() + b".e30.AA",
]  # fmt: skip


@pytest.mark.parametrize("value", AUTHORIZATIONS)
def test_a_token_that_is_none_is_refused_not_ignored(desk, value):
    headers = [(b"Authorization", value)]
    for path in ("/mine", "/records/" + "ab" * 32, "/logs/tianjin/1/feed?start=0"):
        answer = desk.http.get(desk.url("tianjin", path), headers=headers)
        assert answer.status_code == 401, (path, answer.text)
        assert answer.json()["code"] == "token_invalid"
        assert answer.headers["www-authenticate"] == "Bearer"


def test_methods_that_are_not_offered_are_named(desk):
    for method, path in (("DELETE", "/records"), ("PUT", "/records/" + "ab" * 32), ("PATCH", "/")):
        answer = desk.http.request(method, desk.url("tianjin", path))
        assert answer.status_code in (404, 405)
        assert answer.json()["code"] in ("not_found", "method_not_allowed")
