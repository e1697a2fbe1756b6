"""Strict reading by the public API: what a record may not hold is refused, with the path of its field."""

import json

import pytest

from tests.system.desk import Firm, disclosure, document, resign

IMPORTER = Firm.party("importer_bj")
DEEP = "[" * 9 + "1" + "]" * 9

TITLES = [
    ('{"a":1,"a":2}', "json_duplicate_member", "/fields/title/a"),
    ('[{"b":{"a":1,"a":1}}]', "json_duplicate_member", "/fields/title/0/b/a"),
    ("1.5", "json_float", "/fields/title"),
    ('{"a":[1,1e3]}', "json_float", "/fields/title/a/1"),
    ("NaN", "json_constant", "/fields/title"),
    ("[-Infinity]", "json_constant", "/fields/title/0"),
    ("null", "json_null", "/fields/title"),
    (str(2**53), "json_integer", "/fields/title"),
    (DEEP, "json_too_deep", "/fields/title" + "/0" * 8),
    ("[" * 5_000 + "]" * 5_000, "disclosure_malformed", "/fields/title"),
    (r'"\ud800"', "json_surrogate", "/fields/title"),
    (r'{"a":"\udfff"}', "json_surrogate", "/fields/title/a"),
    (r'"cafe\u0301"', "json_not_nfc", "/fields/title"),
    ('["cafe\u0301"]', "json_not_nfc", "/fields/title/0"),
    ('"' + "x" * 501 + '"', "identifier_form", "/fields/title"),
    (r'"a\nb"', "identifier_form", "/fields/title"),
    ("7", "field_type", "/fields/title"),
    ("true", "field_type", "/fields/title"),
]  # fmt: skip


def with_field(desk, name: str, value: str) -> str:
    """A statement whose author signed a field with this JSON as its value."""
    shown, digest = disclosure(value)

    def change(data: bytes) -> bytes:
        payload = json.loads(data)
        payload["fields"][name] = [{"...": digest}]
        return json.dumps(payload).encode()

    honest = desk.sign(IMPORTER, "tianjin", "document", document(f"strict {name} {value[:99]}"))
    return resign(honest, IMPORTER, change) + f"{shown}~"


def answer_to(desk, compact: str) -> tuple[int, str | None, str | None]:
    answer = desk.post("tianjin", compact)
    problem = answer.json()
    return answer.status_code, problem.get("code"), problem.get("path")


@pytest.mark.parametrize(("value", "code", "path"), TITLES, ids=range(len(TITLES)))
def test_a_value_that_is_not_strict_is_refused_at_its_place(desk, value, code, path):
    assert answer_to(desk, with_field(desk, "title", value)) == (422, code, path)


def test_the_same_statement_with_a_plain_value_is_a_good_one(desk):
    assert answer_to(desk, with_field(desk, "title", '"caf\u00e9"'))[0] == 201


def test_a_field_its_kind_does_not_have_is_refused_by_name(desk):
    refused = answer_to(desk, with_field(desk, "colour", '"red"'))
    assert refused == (422, "field_unknown", "/fields/colour")


def test_a_field_named_twice_is_refused_by_name(desk):
    compact = desk.sign(IMPORTER, "tianjin", "document", document("strict twice"))

    def change(data: bytes) -> bytes:
        text = json.dumps(json.loads(data)["fields"]["size"])
        return data.replace(b'"fields":{', b'"fields":{"size":' + text.encode() + b",", 1)

    twice = resign(compact, IMPORTER, change)
    assert answer_to(desk, twice) == (422, "json_duplicate_member", "/fields/size")


def test_a_statement_or_body_beyond_its_size_is_refused(desk):
    honest = desk.sign(IMPORTER, "tianjin", "document", document("strict size"))
    padded = honest + "x" * (2**18 + 1 - len(honest))
    assert answer_to(desk, padded)[:2] == (413, "statement_too_large")
    answer = desk.post("tianjin", honest + "x" * 2**26)
    assert (answer.status_code, answer.json()["code"]) == (413, "body_too_large")
