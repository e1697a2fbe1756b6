from __future__ import annotations

import json
import math
import unicodedata
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st

from ledger.errors import VerificationError
from ledger.statement import base64url, strictjson
from ledger.statement.opening import read_disclosure
from ledger.statement.sdjwt import (
    CLOSED,
    Path,
    Slotted,
    check_signature,
    open_slots,
    parse,
    present,
    require_all_open,
    require_no_strays,
)
from ledger.statement.slots import digest_of
from tests.unit.statement.making import author, claims, digest, make, nested, payload, sign

QUICK = settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])

names = st.from_regex(r"[a-z][a-z0-9_]{0,8}", fullmatch=True)
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=12).map(
    lambda text: unicodedata.normalize("NFC", text)
)
scalars = texts | st.integers(-(2**53) + 1, 2**53 - 1) | st.booleans()
values = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(names, inner, max_size=3)
        | st.dictionaries(names, inner, max_size=3).map(Slotted)
    ),
    max_leaves=6,
)


def plain(value: Any) -> Any:
    if isinstance(value, Slotted):
        value = value.members
    if isinstance(value, dict):
        return {name: plain(item) for name, item in value.items()}
    return [plain(item) for item in value] if isinstance(value, list) else value


def depth(value: Any) -> int:
    value = plain(value)
    if isinstance(value, dict | list):
        items = value.values() if isinstance(value, dict) else value
        return 1 + max(map(depth, items), default=0)
    return 0


@QUICK
@given(st.dictionaries(names, values, max_size=6))
def test_what_was_said_is_read_in_full_and_in_part(fields: dict[str, Any]) -> None:
    assume(all(depth(value) <= 6 for value in fields.values()))
    statement = parse(make(fields))
    check_signature(statement, author().certificate)
    opened = open_slots(statement)
    require_all_open(opened)
    assert opened.fields == plain(fields)
    assert opened.shown == statement.disclosures
    wanted = {path for path in opened.opened if hash(path) % 3}
    part = parse(present(statement, wanted.__contains__))
    require_no_strays(shown := open_slots(part))
    assert set(shown.opened) <= wanted
    assert part.id == statement.id
    for path in shown.opened:
        around: list[Path] = [path[:n] for n in range(1, len(path))]
        assert all(parent in wanted for parent in around if parent in opened.opened)


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**60), 2**60)
    | st.floats(allow_nan=True)
    | st.text(max_size=6),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3)
    ),
    max_leaves=8,
)


def sound(value: Any) -> bool:
    """Whether our strict JSON takes a value; written independently of it."""
    if isinstance(value, bool):
        return True
    if isinstance(value, int):
        return abs(value) < 2**53
    if isinstance(value, str):
        return unicodedata.normalize("NFC", value) == value and not any(
            0xD800 <= ord(character) <= 0xDFFF for character in value
        )
    if isinstance(value, list):
        return all(map(sound, value))
    if isinstance(value, dict):
        return all(sound(name) and sound(item) for name, item in value.items())
    return False


@QUICK
@given(json_values, st.booleans())
@example(math.nan, False)
@example("\ud800", True)
@example("e\u0301", True)
def test_strict_json_takes_what_is_sound_and_nothing_else(value: Any, escaped: bool) -> None:
    text = json.dumps(value, ensure_ascii=escaped)
    if sound(value):
        assert strictjson.loads(text) == value
    else:
        with pytest.raises(VerificationError):
            strictjson.loads(text)


@QUICK
@given(st.binary(max_size=40))
def test_strict_json_raises_nothing_else(data: bytes) -> None:
    try:
        value = strictjson.loads(data)
    except VerificationError:
        return
    assert json.loads(data) == value


@QUICK
@given(st.text(st.sampled_from('[]{}":,.0123456789eE-+ntruefalsNIy\\u\ud800é́A '), max_size=30))
def test_odd_json_text_raises_nothing_else(text: str) -> None:
    try:
        value = strictjson.loads(text)
    except VerificationError:
        return
    assert sound(value)


@QUICK
@given(st.text(st.sampled_from('["AQgw]\\, \n\x7f7é{}'), max_size=60))
@example('["AAAAAAAAAAAAAAAAAAAAAA","a"]')
@example('["AAAAAAAAAAAAAAAAAAAAAA", "a"]')
@example('["AAAAAAAAAAAAAAAAAAAAAA","a\\n"]')
@example('["AAAAAAAAAAAAAAAAAAAAAA","\x7fé"]')
@example('["AAAAAAAAAAAAAAAAAAAAAA","a"],["AAAAAAAAAAAAAAAAAAAAAA","b"]')
def test_the_fast_pattern_reads_what_the_decoder_reads(text: str) -> None:
    """A disclosure goes through the pattern in ``open_slots``, through the decoder alone here."""
    disclosure = base64url.encode(text.encode())
    statement = parse(sign(payload(fields={"f": [{"...": digest(disclosure)}]}), disclosure))
    expected = outcome(lambda: read_disclosure(text, ("f",))[1])
    assume(isinstance(expected, str | int))
    found = outcome(lambda: open_slots(statement).fields["f"])
    assert found == expected or found in {"json_not_nfc!", "json_surrogate!"}


def outcome(work: Callable[[], Any]) -> Any:
    """The value, or the code of the error and an exclamation mark."""
    try:
        return work()
    except VerificationError as error:
        return f"{error.code}!"


@QUICK
@given(st.text(max_size=30), st.text(max_size=30))
def test_bulk_digests_are_single_digests(one: str, two: str) -> None:
    for text in (one, two):
        try:
            expected = digest(text)
        except UnicodeEncodeError:
            continue
        assert digest_of(text) == expected


COMPACT, DEEP = make(), nested()
ALPHABET = st.sampled_from("AaZz09-_.~=+/é \n\x00")


@QUICK
@given(st.data())
def test_no_mutation_shows_another_fact_or_raises_anything_else(data: st.DataObject) -> None:
    compact = data.draw(st.sampled_from([COMPACT, DEEP]))
    honest = open_slots(parse(compact))
    facts = dict(zip(honest.opened, honest.shown, strict=True))
    at = data.draw(st.integers(0, len(compact) - 1))
    end = at + data.draw(st.integers(0, 3))
    mutated = compact[:at] + data.draw(st.text(ALPHABET, max_size=3)) + compact[end:]
    try:
        statement = parse(mutated)
        check_signature(statement, author().certificate)
        opened = open_slots(statement)
        require_no_strays(opened)
    except VerificationError:
        return
    assert statement.claims == claims()
    assert all(facts[p] == d for p, d in zip(opened.opened, opened.shown, strict=True))
    for name, value in opened.fields.items():
        if value is not CLOSED and CLOSED not in json_leaves(value):
            assert value == honest.fields[name]


def json_leaves(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return [leaf for item in value.values() for leaf in json_leaves(item)]
    return (
        [leaf for item in value for leaf in json_leaves(item)]
        if isinstance(value, list)
        else [value]
    )


@QUICK
@given(json_values)
def test_any_signed_payload_and_disclosure_raises_nothing_else(value: Any) -> None:
    text = json.dumps(value)
    disclosure = base64url.encode(json.dumps(["AAAAAAAAAAAAAAAAAAAAAA", value]).encode())
    fields = {"f": [{"...": digest(disclosure)}]}
    shown = {"f": value}
    for compact, whole in (
        (sign(text), {}),
        (sign(payload(fields=value) if value is not None else text), value),
        (sign(payload(fields=shown)), shown),
        (sign(payload(fields=fields), disclosure), shown),
        (sign(payload(source=value), disclosure), {}),
    ):
        try:
            opened = open_slots(parse(compact))
        except VerificationError:
            continue
        assert not sound(value) or opened.fields in ({}, whole, {"f": []}, {"f": CLOSED})
