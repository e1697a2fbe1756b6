from __future__ import annotations

import base64
from typing import Any

import pytest

from ledger.errors import VerificationError
from ledger.keys.author import AuthorKey
from ledger.keys.demo import demo_author
from ledger.statement.jws import sign_key_proof
from ledger.statement.operator import operator_key, read_operator
from ledger.statement.sdjwt import Statement, issue, parse, present
from tests.unit.statement.making import AUD, USCC, author, claims, make, salts

REGISTRAR = demo_author("registrar_bj", "11100000DEMJC0001K", "DEMO Beijing Customs Office")


def fields(firm: AuthorKey, **changes: Any) -> dict[str, Any]:
    given = {
        "key": operator_key(firm.kid),
        "time": "2026-01-02T00:00:00+08:00",
        "uscc": USCC,
        "name": "DEMO Huabei Importer Co",
        "status": "active",
        "kinds": ["invoice", "packing_list"],
        "certificate": base64.b64encode(firm.certificate).decode(),
        "key_proof": sign_key_proof(firm, AUD, 1_767_283_200),
    } | changes
    return {name: value for name, value in given.items() if value is not None}


def record(firm: AuthorKey, version: int = 1, **changes: Any) -> Statement:
    said = claims(
        iss="urn:uscc:11100000DEMJC0001K", kind="operator", schema="operator/1",
        version=version, prev=None if version == 1 else "0" * 64,
    )  # fmt: skip
    return parse(issue(said, fields(firm, **changes), REGISTRAR, salts()))


@pytest.mark.parametrize("alg", ["ES256", "Ed25519"])
def test_a_good_one(alg: str) -> None:
    firm = author(alg)
    operator = read_operator(record(firm))
    assert operator.kid == firm.kid
    assert operator.uscc == USCC
    assert operator.certificate == firm.certificate
    assert operator.may_post("invoice")
    assert not operator.may_post("declaration")


def test_suspended_and_withdrawn_may_not_post() -> None:
    suspended = read_operator(record(author(), status="suspended"))
    assert not suspended.may_post("invoice")
    later = {"reason": "r", "case_code": "c"}
    amended = read_operator(record(author(), 2, change="amended", **later))
    assert amended.may_post("invoice")
    withdrawn = read_operator(record(author(), 2, change="withdrawn", **later))
    assert not withdrawn.may_post("invoice")
    assert withdrawn.status == "suspended"


OTHER = author(party="other")


@pytest.mark.parametrize(
    ("changes", "code", "path"),
    [
        ({"uscc": "91120000DEMT000296"}, "operator_uscc", "/fields/uscc"),
        ({"key": operator_key(OTHER.kid)}, "operator_key", "/fields/key"),
        ({"status": "Active"}, "operator_status", "/fields/status"),
        ({"kinds": "invoice"}, "operator_kinds", "/fields/kinds"),
        ({"kinds": ["invoice", "invoice"]}, "operator_kinds", "/fields/kinds/1"),
        ({"kinds": ["Invoice"]}, "operator_kinds", "/fields/kinds/0"),
        ({"kinds": [1]}, "operator_kinds", "/fields/kinds/0"),
        ({"name": 7}, "operator_name", "/fields/name"),
        ({"certificate": "%%"}, "operator_certificate", "/fields/certificate"),
        ({"certificate": "AAAB"}, "certificate_malformed", ""),
        ({"certificate": "AAB="}, "operator_certificate", "/fields/certificate"),
        ({"certificate": "é"}, "operator_certificate", "/fields/certificate"),
        ({"key_proof": sign_key_proof(OTHER, AUD, 1)}, "key_proof_kid", None),
        ({"key_proof": sign_key_proof(author(), "demo-00000000/hebei", 1)}, "key_proof_aud", None),
        ({"key_proof": None}, "operator_members", "/fields"),
        ({"extra": "x"}, "operator_members", "/fields"),
        ({"change": "withdrawn"}, "operator_members", "/fields"),
    ],
)  # fmt: skip
def test_refused(changes: dict[str, Any], code: str, path: str | None) -> None:
    with pytest.raises(VerificationError) as caught:
        read_operator(record(author(), **changes))
    assert caught.value.code == code
    if path is not None:
        assert caught.value.path == path


def test_a_stolen_certificate_with_the_thiefs_own_proof_is_refused() -> None:
    class Thief:
        alg, kid, certificate = "ES256", author().kid, author().certificate
        sign = staticmethod(OTHER.sign)

    with pytest.raises(VerificationError) as caught:
        read_operator(record(author(), key_proof=sign_key_proof(Thief(), AUD, 1)))
    assert caught.value.code == "signature_invalid"


def test_all_of_it_is_open() -> None:
    part = parse(present(record(author()), lambda path: path != ("name",)))
    with pytest.raises(VerificationError) as caught:
        read_operator(part)
    assert (caught.value.code, caught.value.path) == ("slot_closed", "/fields/name")


def test_another_kind_is_no_operator() -> None:
    with pytest.raises(VerificationError) as caught:
        read_operator(parse(make()))
    assert caught.value.code == "operator_kind"
