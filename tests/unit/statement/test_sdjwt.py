from __future__ import annotations

import hashlib
import json
from typing import Any

import pytest

from ledger.errors import InputError, VerificationError
from ledger.statement import base64url
from ledger.statement.sdjwt import (
    CLOSED,
    Slotted,
    check_signature,
    issue,
    join,
    open_slots,
    parse,
    present,
    require_all_open,
    require_no_strays,
)
from ledger.statement.signing import P256_ORDER
from tests.unit.statement.making import (
    FIELDS,
    author,
    claims,
    digest,
    disclose,
    header,
    make,
    payload,
    salts,
    sign,
    slot,
)

SALT_B = "BBBBBBBBBBBBBBBBBBBBBA"


def refused(compact: str, code: str, path: str | None = None) -> None:
    with pytest.raises(VerificationError) as caught:
        require_no_strays(open_slots(parse(compact)))
    assert caught.value.code == code
    if path is not None:
        assert caught.value.path == path


@pytest.mark.parametrize("alg", ["ES256", "Ed25519"])
def test_what_was_said_is_what_is_read(alg: str) -> None:
    statement = parse(make(alg=alg))
    check_signature(statement, author(alg).certificate)
    opened = open_slots(statement)
    require_all_open(opened)
    assert opened.fields == FIELDS
    assert list(opened.fields) == list(FIELDS)
    assert statement.claims == claims()
    assert statement.alg == alg
    assert statement.kid == author(alg).kid
    assert opened.opened == tuple(s.path for s in statement.slots)
    assert ("lines", 1) in opened.opened
    assert join(statement.signed, statement.disclosures) == statement.compact


def test_the_shape_on_the_wire() -> None:
    statement = parse(make({"a": "x", "l": ["y", "z"], "e": []}, version=2, prev="0" * 64))
    head, body, _ = (base64url.decode(part) for part in statement.signed.decode().split("."))
    assert json.loads(head) == header()
    decoded = json.loads(body)
    d1, d2, d3 = (digest(disclosure) for disclosure in statement.disclosures)
    assert decoded.pop("fields") == {
        "a": [{"...": d1}],
        "l": [[{"...": d2}], [{"...": d3}]],
        "e": [],
    }
    assert decoded == {
        **{n: v for n, v in payload().items() if n not in {"fields", "source"}},
        "source": {"system": "single-window", "method": "typed", "basis": "carrier's booking"},
        "version": 2,
        "prev": "0" * 64,
    }


def test_the_id_is_of_the_signing_input_only() -> None:
    statement = parse(make())
    signing_input, _, signature = statement.signed.decode().rpartition(".")
    assert statement.id == hashlib.sha256(signing_input.encode()).digest()
    r, s = base64url.decode(signature)[:32], base64url.decode(signature)[32:]
    twin = r + (P256_ORDER - int.from_bytes(s, "big")).to_bytes(32, "big")
    other = parse(join(f"{signing_input}.{base64url.encode(twin)}".encode(), []))
    assert other.id == statement.id
    with pytest.raises(VerificationError) as caught:
        check_signature(other, author().certificate)
    assert caught.value.code == "signature_high_s"


@pytest.mark.parametrize(
    ("head", "code"),
    [
        (header(crit=["b64"], b64=False), "header_members"),
        (header(b64=True), "header_members"),
        (header(jwk={"kty": "EC"}), "header_members"),
        (header(x5c=["AA"]), "header_members"),
        (header(x5u="https://example.test"), "header_members"),
        (header(cty="json"), "header_members"),
        (header(kid=None), "header_members"),
        (header(typ=None), "header_members"),
        (header(typ="dc+sd-jwt"), "header_typ"),
        (header(typ="customs-key+jwt"), "header_typ"),
        (header(typ="CUSTOMS-RECORD+SD-JWT"), "header_typ"),
        (header(alg="none"), "header_alg"),
        (header(alg="HS256"), "header_alg"),
        (header(alg="EdDSA"), "header_alg"),
        (header(alg="ES384"), "header_alg"),
        (header(alg=["ES256"]), "header_alg"),
        (header(kid=7), "header_kid"),
        (header(kid=""), "header_kid"),
        (header(kid="x" * 300), "header_kid"),
        ([], "header_members"),
        ('{"alg":"ES256","alg":"none","typ":"customs-record+sd-jwt","kid":"x"}', "json_duplicate_member"),
        ("x", "json_malformed"),
        (json.dumps(header(kid="x" * 2000)), "json_too_large"),
    ],
)  # fmt: skip
def test_headers_that_are_not_ours(head: Any, code: str) -> None:
    body = payload()
    refused(sign(body, disclose("BL:1"), head=json.dumps(head) if head == [] else head), code)


def test_the_header_cannot_choose_the_algorithm() -> None:
    swapped = parse(sign(payload(), disclose("BL:1"), head=header(alg="Ed25519")))
    with pytest.raises(VerificationError) as caught:
        check_signature(swapped, author().certificate)
    assert caught.value.code == "alg_mismatch"


def test_a_certificate_other_than_the_named_one_is_refused() -> None:
    with pytest.raises(VerificationError) as caught:
        check_signature(parse(make()), author(party="other").certificate)
    assert caught.value.code == "certificate_kid"


def test_another_payload_under_the_same_signature_is_refused() -> None:
    mine, other = parse(make()), parse(make(jti="BBBBBBBBBBBBBBBBBBBBBA"))
    head, _, signature = mine.signed.decode().split(".")
    mixed = f"{head}.{other.signed.decode().split('.')[1]}.{signature}~"
    with pytest.raises(VerificationError) as caught:
        check_signature(parse(mixed), author().certificate)
    assert caught.value.code == "signature_invalid"


@pytest.mark.parametrize(
    ("changes", "code", "path"),
    [
        ({"iss": "urn:uscc:91110000DEMJ00011I"}, "claim_iss", "/iss"),
        ({"iss": "91110000DEMJ00011K"}, "claim_iss", "/iss"),
        ({"iss": "urn:uscc:91110000DEMJ00011K\n"}, "claim_iss", "/iss"),
        ({"aud": "demo/Beijing"}, "claim_aud", "/aud"),
        ({"aud": ["demo/beijing"]}, "claim_aud", "/aud"),
        ({"jti": "AAAAAAAAAAAAAAAAAAAAAB"}, "claim_jti", "/jti"),
        ({"jti": "AAAA"}, "claim_jti", "/jti"),
        ({"iat": -1}, "claim_iat", "/iat"),
        ({"iat": True}, "claim_iat", "/iat"),
        ({"iat": "1"}, "claim_iat", "/iat"),
        ({"iat": 1.5}, "json_float", "/iat"),
        ({"kind": "Bill"}, "claim_kind", "/kind"),
        ({"kind": "_sd"}, "claim_kind", "/kind"),
        ({"schema": "bill_of_lading/0"}, "claim_schema", "/schema"),
        ({"schema": "invoice/1"}, "claim_schema", "/schema"),
        ({"version": 0}, "payload_members", ""),
        ({"version": 2}, "payload_members", ""),
        ({"version": True}, "claim_version", "/version"),
        ({"version": 2, "prev": "AB" * 32}, "claim_prev", "/prev"),
        ({"version": 2, "prev": "ab"}, "claim_prev", "/prev"),
        ({"prev": "ab" * 32}, "payload_members", ""),
        ({"source": {"system": "s", "method": "guessed", "basis": "b"}}, "claim_source", "/source/method"),
        ({"source": {"system": "s", "method": "typed"}}, "claim_source", "/source"),
        ({"source": {"system": "s", "method": "typed", "basis": "b", "x": "y"}}, "claim_source", "/source"),
        ({"source": {"system": 1, "method": "typed", "basis": "b"}}, "claim_source", "/source"),
        ({"source": {"system": "e\u0301", "method": "typed", "basis": "b"}},
         "json_not_nfc", "/source/system"),
        ({"_sd_alg": "sha-512"}, "claim_sd_alg", "/_sd_alg"),
        ({"_sd_alg": None}, "payload_members", ""),
        ({"_sd": []}, "payload_members", ""),
        ({"exp": 1}, "payload_members", ""),
        ({"nbf": 1}, "payload_members", ""),
        ({"cnf": {}}, "payload_members", ""),
        ({"iss": None}, "payload_members", ""),
        ({"fields": [slot("BL:1")[0]]}, "fields_shape", "/fields"),
    ],
)  # fmt: skip
def test_claims_that_are_not_ours(changes: dict[str, Any], code: str, path: str) -> None:
    refused(sign(payload(**changes), disclose("BL:1")), code, path)


D1, D2 = digest(disclose("a")), digest(disclose("b", SALT_B))


@pytest.mark.parametrize(
    ("fields", "code", "path"),
    [
        # Two values for one field, in every spelling there is.
        ({"w": [{"...": D1}, {"...": D2}]}, "slot_shape", "/fields/w/0"),
        ({"w": [[{"...": D1}, {"...": D2}]]}, "slot_shape", "/fields/w/0"),
        ({"w": [{"...": D1}, "b"]}, "slot_shape", "/fields/w/0"),
        ({"w": ["b", {"...": D1}]}, "slot_shape", "/fields/w/0"),
        ({"w": [[{"...": D1}], {"...": D2}]}, "slot_shape", "/fields/w/1"),
        ({"w": [{"...": D1, "v": 1}]}, "slot_shape", "/fields/w/0"),
        ({"_sd": [D1, D2]}, "slot_shape", "/fields/_sd/0"),
        ({"_sd": [{"...": D1}]}, "field_name", "/fields/_sd"),
        ({"w": {"_sd": [D1]}}, "slot_shape", "/fields/w"),
        ({"w": [[[{"...": D1}]]]}, "slot_shape", "/fields/w/0"),
        ({"w": {"...": D1}}, "slot_shape", "/fields/w"),
        ({"...": D1}, "fields_shape", "/fields"),
        ({"...": D1, "w": [{"...": D2}]}, "slot_shape", "/fields/..."),
        ({"w": "open"}, "slot_shape", "/fields/w"),
        ({"w": 7}, "slot_shape", "/fields/w"),
        ({"w": [[]]}, "slot_shape", "/fields/w/0"),
        ({"w": [{}]}, "slot_shape", "/fields/w/0"),
        ({"W": [{"...": D1}]}, "field_name", "/fields/W"),
        ({"1w": [{"...": D1}]}, "field_name", "/fields/1w"),
        ({"a,b": [{"...": D1}]}, "field_name", "/fields/a,b"),
        ({"a": [{"...": D1}], "b,c": [{"...": D2}]}, "field_name", "/fields/b,c"),
        ({"": [{"...": D1}]}, "field_name", "/fields/"),
        ({"w" * 65: [{"...": D1}]}, "field_name", "/fields/" + "w" * 65),
        ({"w": [{"...": D1}], "v": [{"...": D1}]}, "digest_repeated", "/fields/v"),
        ({"w": [[{"...": D1}], [{"...": D1}]]}, "digest_repeated", "/fields/w/1"),
        ({"w": [{"...": D1[:-1] + "B"}]}, "digest_malformed", "/fields/w"),
        ({"w": [{"...": D1 + "="}]}, "digest_malformed", "/fields/w"),
        ({"w": [{"...": f"{D1}~{D2}"}]}, "digest_malformed", "/fields/w"),
        ({"v": [{"...": D2}], "w": [{"...": "AA"}]}, "digest_malformed", "/fields/w"),
        ({"w": [{"...": 7}]}, "digest_malformed", "/fields/w"),
        ({"w": [{"...": [D1]}]}, "digest_malformed", "/fields/w"),
        ({"w": [[{"...": digest(str(n))}] for n in range(257)]}, "list_too_long", "/fields/w"),
        ({f"f{m}": [[{"...": digest(f"{m}/{n}")}] for n in range(256)] for m in range(9)},
         "slots_too_many", "/fields"),
    ],
)  # fmt: skip
def test_one_value_per_field(fields: Any, code: str, path: str) -> None:
    refused(sign(payload(fields=fields), disclose("a"), disclose("b", SALT_B)), code, path)


def test_a_field_named_twice_is_refused() -> None:
    text = json.dumps(payload(fields={"w": [{"...": D1}]}))
    twice = text.replace('"fields": {', f'"fields": {{"w": [{{"...": "{D2}"}}], ')
    refused(sign(twice, disclose("a")), "json_duplicate_member", "/fields/w")
    cell = text.replace(f'{{"...": "{D1}"}}', f'{{"...": "{D1}", "...": "{D2}"}}')
    refused(sign(cell, disclose("a")), "json_duplicate_member", "/fields/w/0/...")


@pytest.mark.parametrize("body", ["", "[]", "1", '"x"', "{", b"\xff", "[" * 5000, "null"])
def test_payloads_that_are_no_object(body: str | bytes) -> None:
    with pytest.raises(VerificationError):
        parse(sign(body))


@pytest.mark.parametrize(
    ("value", "code", "path"),
    [
        (None, "json_null", "/fields/key"),
        (1.5, "json_float", "/fields/key"),
        (float("nan"), "json_constant", "/fields/key"),
        (2**53, "json_integer", "/fields/key"),
        ("e\u0301", "json_not_nfc", "/fields/key"),
        ({"a": [1, None]}, "json_null", "/fields/key/a/1"),
        ({"a": 1.5}, "json_float", "/fields/key/a"),
        ({"A": 1}, "field_name", "/fields/key/A"),
        ({"_sd": [D1]}, "field_name", "/fields/key/_sd"),
        ({"a": {"_sd_alg": "sha-512"}}, "field_name", "/fields/key/a/_sd_alg"),
        ({"...": D1}, "slot_shape", "/fields/key"),
        ([{"...": D1}], "slot_shape", "/fields/key/0"),
        ([[{"...": D1}]], "slot_shape", "/fields/key/0/0"),
        ({"a": [{"...": D1}, {"...": D2}]}, "slot_shape", "/fields/key/a"),
        ({"a": [{"...": D1}, 1]}, "slot_shape", "/fields/key/a"),
        ({"a": [[{"...": D1}, {"...": D2}]]}, "slot_shape", "/fields/key/a/0"),
        ({"a": [[{"...": D1}], 1]}, "slot_shape", "/fields/key/a/1"),
        ({"a": [[[{"...": D1}]]]}, "slot_shape", "/fields/key/a/0/0/0"),
        ({"a": [{"...": "short"}]}, "digest_malformed", "/fields/key/a"),
        ({"a": [{"...": D1}], "b": [{"...": D1}]}, "digest_repeated", "/fields/key/b"),
        ([[[[[[[[[1]]]]]]]]], "json_too_deep", "/fields/key/0/0/0/0/0/0/0/0"),
    ],
)  # fmt: skip
def test_values_the_author_should_not_have_signed(value: Any, code: str, path: str) -> None:
    mine, disclosure = slot(value)
    refused(sign(payload(fields={"key": mine}), disclosure), code, path)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ('["AAAAAAAAAAAAAAAAAAAAAA","a","b"]', "disclosure_malformed"),
        ('["AAAAAAAAAAAAAAAAAAAAAA"]', "disclosure_malformed"),
        ('{"a":"b"}', "disclosure_malformed"),
        ('"a"', "disclosure_malformed"),
        ("x", "disclosure_malformed"),
        ('["AAAAAAAAAAAAAAAAAAAAAA","a"]x', "disclosure_malformed"),
        ('["AAAAAAAAAAAAAAAAAAAAAA","a"],["AAAAAAAAAAAAAAAAAAAAAA","b"]', "disclosure_malformed"),
        ('["AAAAAAAAAAAAAAAAAAAAAA","a\nb"]', "disclosure_malformed"),
        ('["AAAAAAAAAAAAAAAAAAAAAB","a"]', "disclosure_salt"),
        ('["AAAA","a"]', "disclosure_salt"),
        ('[7,"a"]', "disclosure_salt"),
        ('["AAAAAAAAAAAAAAAAAAAAAA",{"a":1,"a":2}]', "json_duplicate_member"),
        (r'["AAAAAAAAAAAAAAAAAAAAAA","\ud800"]', "json_surrogate"),
    ],
)
def test_disclosures_the_author_should_not_have_signed(text: str, code: str) -> None:
    disclosure = base64url.encode(text.encode())
    refused(sign(payload(fields={"key": [{"...": digest(disclosure)}]}), disclosure), code)


def test_a_disclosure_in_bad_base64_is_refused_though_its_digest_stands_in_a_slot() -> None:
    for disclosure in (disclose("abc") + "=", disclose("abc") + "\n", "é", "A"):
        fields = {"key": [{"...": digest(disclosure)}]}
        refused(sign(payload(fields=fields), disclosure), "disclosure_malformed", "/fields/key")


def test_one_salt_for_two_values_is_refused() -> None:
    (a, da), (b, db) = slot("a"), slot("b")
    refused(sign(payload(fields={"a": a, "b": b}), da, db), "disclosure_salt")


def test_frame() -> None:
    compact = make()
    refused(compact[:-1], "statement_malformed")
    refused(compact + "x.y.z", "statement_malformed")
    refused(compact.partition("~")[0], "statement_malformed")
    refused("~", "jws_malformed")
    refused("a.b.c.d~", "jws_malformed")
    refused(compact.replace("~", "x~", 1), "base64url_malformed")
    refused("x" * (1 << 18) + "~", "statement_too_large")
    head, body, signature = compact.partition("~")[0].split(".")
    refused(f"{head}.{body}.{base64url.encode(bytes(63))}~", "signature_length")
    refused(f"{head}.{body}.~", "signature_length")
    refused(f"{head}..{signature}~", "json_malformed")
    refused(f"{head}=.{body}.{signature}~", "base64url_malformed")


def test_disclosures_that_open_nothing() -> None:
    compact = make()
    refused(compact + disclose("x") + "~", "disclosure_unreferenced", "")
    refused(compact + "~", "disclosure_unreferenced", "")
    last = compact.split("~")[-2]
    refused(f"{compact}{last}~", "disclosure_repeated")


def test_a_changed_disclosure_names_its_field() -> None:
    statement = parse(make())
    for at, (path, disclosure) in enumerate(
        zip(open_slots(statement).opened, statement.disclosures, strict=True)
    ):
        for place in range(0, len(disclosure), 9):
            changed = list(statement.disclosures)
            new = "A" if disclosure[place] != "A" else "B"
            changed[at] = disclosure[:place] + new + disclosure[place + 1 :]
            opened = open_slots(parse(join(statement.signed, changed)))
            assert opened.strays == (changed[at],)
            assert opened.suspect == path
            assert opened.closed == (path,)
            with pytest.raises(VerificationError) as caught:
                require_no_strays(opened)
            assert caught.value.path == "/fields/" + "/".join(map(str, path))


def test_a_disclosure_damaged_beyond_reading_names_its_field() -> None:
    statement = parse(make())
    for damage in ("", "!", "é", "\ud800", "x" * 1000):
        changed = [*statement.disclosures]
        changed[4] = damage
        opened = open_slots(parse(join(statement.signed, changed)))
        assert opened.suspect == ("gross_kg",)
        assert opened.fields["gross_kg"] is CLOSED


def test_order_narrows_down_the_field_where_others_stay_closed() -> None:
    statement = parse(make())
    shown = {("key",), ("container",), ("gross_kg",), ("sealed",)}
    part = parse(present(statement, shown.__contains__))
    changed = [*part.disclosures]
    changed[2] = disclose("9999.0")
    opened = open_slots(parse(join(part.signed, changed)))
    # packages, gross_kg and goods_name stand between container and sealed.
    assert opened.suspects == (("packages",), ("gross_kg",), ("goods_name",))
    assert opened.suspect is None


def test_closed_slots_are_counted_and_intake_refuses_them() -> None:
    part = parse(present(parse(make()), lambda path: path != ("lines", 0)))
    opened = open_slots(part)
    assert opened.closed == (("lines", 0),)
    assert opened.fields["lines"] == [CLOSED, {"hs10": "8708999990", "qty": 7}]
    require_no_strays(opened)
    with pytest.raises(VerificationError) as caught:
        require_all_open(opened)
    assert (caught.value.code, caught.value.path) == ("slot_closed", "/fields/lines/0")
    assert part.id == parse(make()).id
    check_signature(part, author().certificate)


def test_presenting_keeps_what_is_wanted_and_nothing_else() -> None:
    compact = make()
    assert present(parse(compact), lambda _: True) == compact
    nothing = present(parse(compact), lambda _: False)
    assert nothing == compact.partition("~")[0] + "~"
    backwards = join(parse(compact).signed, parse(compact).disclosures[::-1])
    assert present(parse(backwards), lambda _: True) == compact


def test_presenting_a_damaged_statement() -> None:
    statement = parse(make())
    changed = [*statement.disclosures]
    stray = changed[4] = disclose("9999.0")
    damaged = parse(join(statement.signed, changed))
    # The field is wanted: the reader gets the one that does not match, in its place.
    assert parse(present(damaged, lambda _: True)).disclosures == tuple(changed)
    # It is not wanted: it stays closed, as it would unharmed.
    assert stray not in present(damaged, lambda path: path != ("gross_kg",))
    require_no_strays(open_slots(parse(present(damaged, lambda path: path != ("gross_kg",)))))
    # Two are missing, one of them wanted: the reader sees that something is wrong, not what.
    other = changed[5] = disclose("secret goods")
    worse = parse(join(statement.signed, [*changed[:4], other, stray, *changed[6:]]))
    shown = parse(present(worse, lambda path: path != ("goods_name",)))
    assert other not in shown.disclosures
    with pytest.raises(VerificationError):
        require_no_strays(open_slots(shown))


def test_numbers_and_names_that_issue_refuses() -> None:
    cases: list[tuple[dict[str, Any], str, str]] = [
        ({"a": 1.5}, "json_float", "/fields/a"),
        ({"a": None}, "json_null", "/fields/a"),
        ({"a": {"b": [1, 2.5]}}, "json_float", "/fields/a/b/1"),
        ({"a": 2**53}, "json_integer", "/fields/a"),
        ({"a": "e\u0301"}, "json_not_nfc", "/fields/a"),
        ({"a": "\ud800"}, "json_surrogate", "/fields/a"),
        ({"l": ["x", {"b": None}]}, "json_null", "/fields/l/1/b"),
        ({"_sd": "x"}, "field_name", "/fields/_sd"),
        ({"a%sb": "x"}, "field_name", "/fields/a%sb"),
        ({"a": {"...": D1}}, "field_name", "/fields/a/..."),
        ({"a": Slotted({"B": 1})}, "field_name", "/fields/a/B"),
        ({"a": b"x"}, "json_malformed", "/fields/a"),
        ({"a": ["x"] * 257}, "list_too_long", "/fields/a"),
        ({f"f{n}": ["x"] * 256 for n in range(9)}, "slots_too_many", "/fields"),
        ({"a": "x" * 300_000}, "statement_too_large", ""),
        ({"a": [{"b": [[[[[[[1]]]]]]]}]}, "json_too_deep", "/fields/a/0/b" + "/0" * 6),
        ({"a": Slotted({"b": [[[[[[[[1]]]]]]]]})}, "json_too_deep", "/fields/a/b" + "/0" * 7),
    ]
    for fields, code, path in cases:
        with pytest.raises(InputError) as caught:
            make(fields)
        assert (caught.value.code, caught.value.path) == (code, path)


def test_the_deepest_value_that_is_allowed_comes_back() -> None:
    deep: Any = 1
    for _ in range(8):
        deep = {"a": deep}
    fields = {"key": "K", "deep": deep, "list": [deep["a"]]}
    assert open_slots(parse(make(fields))).fields == fields


def test_nobody_signs_for_another_firm() -> None:
    with pytest.raises(InputError) as caught:
        issue(claims(iss="urn:uscc:91120000DEMT000296"), FIELDS, author(), salts())
    assert caught.value.code == "issuer_mismatch"


def test_the_same_input_gives_the_same_bytes() -> None:
    assert make() == make()
