from __future__ import annotations

import json
import sys
from collections.abc import Iterator

import pytest

from ledger.errors import InputError, VerificationError
from ledger.statement import base64url, strictjson
from ledger.statement.sdjwt import open_slots, parse
from tests.unit.statement.making import digest, payload, sign

# document, code, path
REFUSED = [
    ('{"a":1,"a":1}', "json_duplicate_member", "/a"),
    ('{"a":1,"b":2,"a":3}', "json_duplicate_member", "/a"),
    (r'{"a":1,"\u0061":2}', "json_duplicate_member", "/a"),
    ('[{"x":{"a":1,"b":{"c":1,"c":2}}}]', "json_duplicate_member", "/0/x/b/c"),
    ('{"":1,"":2}', "json_duplicate_member", "/"),
    ("1.0", "json_float", ""),
    ("1e2", "json_float", ""),
    ("1E400", "json_float", ""),
    ("-0.0", "json_float", ""),
    ('{"a":[1,2.5]}', "json_float", "/a/1"),
    ("NaN", "json_constant", ""),
    ('{"a":Infinity}', "json_constant", "/a"),
    ("[-Infinity]", "json_constant", "/0"),
    ("-0", "json_integer", ""),
    ("9007199254740992", "json_integer", ""),
    ("-9007199254740992", "json_integer", ""),
    ("[" + "9" * 5000 + "]", "json_integer", "/0"),
    ("null", "json_null", ""),
    ('{"a":{"b":null}}', "json_null", "/a/b"),
    (r'"\ud800"', "json_surrogate", ""),
    (r'{"a":"x\udc00"}', "json_surrogate", "/a"),
    (r'{"\ud83d":1}', "json_surrogate", r"/\ud83d"),
    ('"e\u0301"', "json_not_nfc", ""),
    ('{"e\u0301":1}', "json_not_nfc", "/e\u0301"),
    ('{"a/b~":["\u212b"]}', "json_not_nfc", "/a~1b~0/0"),
    (r'"\u0065\u0301"', "json_not_nfc", ""),
    ("", "json_malformed", ""),
    (" ", "json_malformed", ""),
    ("[1,]", "json_malformed", ""),
    ('{"a":1,}', "json_malformed", ""),
    ("{a:1}", "json_malformed", ""),
    ("'a'", "json_malformed", ""),
    ("01", "json_malformed", ""),
    ("+1", "json_malformed", ""),
    ("1 2", "json_malformed", ""),
    ("[1]]", "json_malformed", ""),
    ('"a\nb"', "json_malformed", ""),
    ('"a\x00b"', "json_malformed", ""),
    (r'"\x41"', "json_malformed", ""),
    (r'"\u00g1"', "json_malformed", ""),
    ("// a\n1", "json_malformed", ""),
    ("TRUE", "json_malformed", ""),
    ("\ufeff1", "json_malformed", ""),
    ("\xa01", "json_malformed", ""),
    ("[" * 40 + "]" * 40, "json_too_deep", "/0" * 32),
    ("[" * 100_000 + "]" * 100_000, "json_too_deep", ""),
    ('{"a":' * 50_000 + "1" + "}" * 50_000, "json_too_deep", ""),
    ("[" + "1," * 70_000 + "1]", "json_too_many_members", ""),
    ('"' + "x" * (1 << 20) + '"', "json_too_large", ""),
]  # fmt: skip


@pytest.mark.parametrize(("text", "code", "path"), REFUSED, ids=range(len(REFUSED)))
def test_refused_with_path(text: str, code: str, path: str) -> None:
    with pytest.raises(VerificationError) as caught:
        strictjson.loads(text)
    assert (caught.value.code, caught.value.path) == (code, path)


@pytest.mark.parametrize("data", [b'"\xff"', b'"\xed\xa0\x80"', b'"\xc0\xaf"', b"\xff\xfe1\x00"])
def test_only_utf8(data: bytes) -> None:
    with pytest.raises(VerificationError) as caught:
        strictjson.loads(data)
    assert caught.value.code == "json_encoding"


@pytest.mark.parametrize(
    "text",
    ['{"a":[1,"汽",true,false,{"b":{}}],"c":-9007199254740991}', "[]", '""', "0", " [ 1 , 2 ] ",
     r'"\ud83d\ude00"', r'"\u00e9"', "9007199254740991"],
)  # fmt: skip
def test_accepted_means_what_json_means(text: str) -> None:
    value = strictjson.loads(text)
    assert value == json.loads(text)
    assert strictjson.loads(strictjson.dumps(value)) == value


def test_members_are_counted_over_the_whole_document() -> None:
    assert strictjson.loads("[[1,1],[1,1]]", max_members=6)
    with pytest.raises(VerificationError) as caught:
        strictjson.loads("[[1,1],[1,1]]", max_members=5)
    assert caught.value.path == "/1"


def test_null_on_demand_only() -> None:
    assert strictjson.loads('{"a":null}', allow_null=True) == {"a": None}


@pytest.mark.parametrize(
    ("value", "code"),
    [({"a": 1.5}, "json_float"), ([float("nan")], "json_float"), ({"a": 2**53}, "json_integer"),
     ("\ud800", "json_surrogate"), ("e\u0301", "json_not_nfc"), ({1: 2}, "json_malformed"),
     ({"a": b""}, "json_malformed")],
)  # fmt: skip
def test_dumps_refuses_what_loads_refuses(value: object, code: str) -> None:
    with pytest.raises(InputError) as caught:
        strictjson.dumps(value)  # type: ignore[arg-type]
    assert caught.value.code == code


def test_dumps_is_compact_and_keeps_order() -> None:
    assert strictjson.dumps({"b": 1, "a": ["汽"]}) == '{"b":1,"a":["汽"]}'.encode()


@pytest.fixture
def no_guard() -> Iterator[None]:
    """Some libraries raise the recursion limit; the decoder's own guard is gone then."""
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(1_000_000)
    yield
    sys.setrecursionlimit(before)


@pytest.mark.parametrize(
    "text",
    ["[" * 500_000, '{"a":' * 150_000, '[{"[":"]]]]"},' * 50_000, '["\\"]]",' * 100_000,
     '"x",' + "[" * 500_000, "[" * 257 + "]" * 257],
)  # fmt: skip
def test_a_deep_document_never_reaches_the_decoder(no_guard: None, text: str) -> None:
    with pytest.raises(VerificationError) as caught:
        strictjson.loads(text)
    assert caught.value.code == "json_too_deep"
    with pytest.raises(VerificationError):
        parse(sign(text[:150_000]))
    inner = base64url.encode(('["AAAAAAAAAAAAAAAAAAAAAA",' + text[:150_000]).encode())
    with pytest.raises(VerificationError):
        open_slots(parse(sign(payload(fields={"f": [{"...": digest(inner)}]}), inner)))


def test_a_wide_document_is_not_taken_for_a_deep_one(no_guard: None) -> None:
    wide = "[" + ",".join(['{"a":"[[[[{{{{\\"[["}'] * 300) + "]"
    assert len(strictjson.loads(wide)) == 300


def test_quotes_that_never_close_cost_no_more_than_their_length() -> None:
    # Read again from each quote, these would take hours: no clock is needed to see it.
    for text in ("[" * 300 + '"' + '\\"' * 400_000, "[" * 300 + '"' * 900_000):
        with pytest.raises(VerificationError):
            strictjson.loads(text)
