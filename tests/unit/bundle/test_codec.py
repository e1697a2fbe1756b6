"""Bundle files: what is written is read back, anything else is refused with its path."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from ledger.bundle import Anchor, Asked, Bundle, Evidence, decode_bundle, encode_bundle
from ledger.errors import VerificationError

ANCHOR = Anchor(7, b"\x01" * 32, b"\x02" * 32, 3)
EVIDENCE = Evidence("h.p.s~d~", '{"leaf"}', "proof\n", ANCHOR)
FULL = Bundle(
    (EVIDENCE, Evidence("h.p2.s~", "", "", None)),
    (EVIDENCE,),
    (b"\x30\x00", b""),
    Asked("提单 1", (("beijing", True), ("hebei", False))),
)


def test_what_is_written_is_read_back() -> None:
    assert decode_bundle(encode_bundle(FULL)) == FULL
    bare = Bundle((EVIDENCE,), (), ())
    assert decode_bundle(encode_bundle(bare)) == bare


def test_the_bytes_are_those_of_the_format() -> None:
    bare = Bundle((Evidence("h.p.s~", "leaf", "proof"),), (), (b"\xff",))
    assert encode_bundle(bare) == (
        b'{"v":1,"records":[{"statement":"h.p.s~","leaf":"leaf","proof":"proof","anchor":null}],'
        b'"operators":[],"certificates":["/w=="],"asked":null}'
    )


def changed(change: Callable[[dict[str, Any]], object]) -> bytes:
    value = json.loads(encode_bundle(FULL))
    change(value)
    return json.dumps(value).encode()


def put(*path: Any, to: Any) -> Callable[[dict[str, Any]], None]:
    def change(value: dict[str, Any]) -> None:
        spot: Any = value
        for step in path[:-1]:
            spot = spot[step]
        spot[path[-1]] = to

    return change


@pytest.mark.parametrize(
    ("change", "path"),
    [
        (put("v", to=2), "/v"),
        (put("v", to=True), "/v"),
        (put("more", to=1), ""),
        (lambda value: value.pop("asked"), ""),
        (put("records", to=[]), "/records"),
        (put("records", to={}), "/records"),
        (put("records", 0, to="x"), "/records/0"),
        (put("records", 0, "statement", to=1), "/records/0/statement"),
        (put("records", 0, "leaf", to=None), "/records/0/leaf"),
        (put("operators", 0, "proof", to=[]), "/operators/0/proof"),
        (put("records", 0, "anchor", to=1), "/records/0/anchor"),
        (put("records", 0, "anchor", "block_number", to=-1), "/records/0/anchor/block_number"),
        (put("records", 0, "anchor", "block_number", to=2**53 - 1 + 0), None),
        (put("records", 0, "anchor", "log_index", to="1"), "/records/0/anchor/log_index"),
        (put("records", 0, "anchor", "block_hash", to="01" * 31), "/records/0/anchor/block_hash"),
        (put("records", 0, "anchor", "block_hash", to="AB" * 32), "/records/0/anchor/block_hash"),
        (put("records", 0, "anchor", "transaction", to="0x" * 32), "/records/0/anchor/transaction"),
        (put("certificates", 0, to="MA"), "/certificates/0"),
        (put("certificates", 0, to="MAA="), None),
        (put("certificates", 0, to="MAB="), "/certificates/0"),
        (put("certificates", 0, to="é"), "/certificates/0"),
        (put("certificates", 0, to="MA==\n"), "/certificates/0"),
        (put("asked", to=1), "/asked"),
        (put("asked", "regions", 0, "answered", to=1), "/asked/regions/0/answered"),
        (put("asked", "regions", 0, "region", to=1), "/asked/regions/0/region"),
        (put("asked", "query", to=None), "/asked/query"),
    ],
)
def test_another_shape_is_refused_by_path(
    change: Callable[[dict[str, Any]], object], path: str | None
) -> None:
    data = changed(change)
    if path is None:
        decode_bundle(data)
        return
    with pytest.raises(VerificationError) as caught:
        decode_bundle(data)
    assert (caught.value.code, caught.value.path) == ("bundle_malformed", path)


def test_a_statement_given_twice_is_refused_under_another_signature_too() -> None:
    twin = Evidence("h.p.t~other~", "", "", None)
    with pytest.raises(VerificationError) as caught:
        decode_bundle(encode_bundle(Bundle((EVIDENCE, twin), (), ())))
    assert (caught.value.code, caught.value.path) == ("bundle_repeats", "/records/1")


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "json_malformed"),
        (b"\xff", "json_encoding"),
        (b"[" * 100_000, "json_too_deep"),
        (b'{"v":1.0}', "json_float"),
        (b'{"v":1,"v":1}', "json_duplicate_member"),
    ],
)
def test_json_with_two_meanings_is_refused(data: bytes, code: str) -> None:
    with pytest.raises(VerificationError) as caught:
        decode_bundle(data)
    assert caught.value.code == code
