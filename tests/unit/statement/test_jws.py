from __future__ import annotations

import json
from typing import Any

import pytest

from ledger.errors import VerificationError
from ledger.keys.demo import demo_log_key
from ledger.statement import base64url
from ledger.statement.jws import (
    ReadToken,
    check_key_proof,
    parse_read_token,
    sign_key_proof,
    sign_read_token,
)
from ledger.statement.signing import verify_signature
from tests.unit.statement.making import AUD, author, make, sign

JTI = "AAAAAAAAAAAAAAAAAAAAAA"
KID = author().kid


def odd(body: Any, typ: str, **head: Any) -> str:
    """A signed JWS of that payload, without the tilde of a statement."""
    given = {"alg": "ES256", "typ": typ, "kid": KID} | head
    return sign(body if isinstance(body, str) else json.dumps(body), head=given)[:-1]


@pytest.mark.parametrize("alg", ["ES256", "Ed25519"])
def test_a_key_proof(alg: str) -> None:
    proof = sign_key_proof(author(alg), AUD, 1_772_514_000)
    assert check_key_proof(proof, author(alg).certificate, AUD) == 1_772_514_000


def key_proof_refused(proof: str, code: str, aud: str = AUD, party: str = "importer_bj") -> None:
    with pytest.raises(VerificationError) as caught:
        check_key_proof(proof, author(party=party).certificate, aud)
    assert caught.value.code == code


def test_key_proofs_that_prove_nothing() -> None:
    good = sign_key_proof(author(), AUD, 1)
    key_proof_refused(good, "key_proof_aud", aud="demo-00000000/hebei")
    key_proof_refused(good, "key_proof_kid", party="other")
    key_proof_refused(good[:-6] + "AAAAAA", "signature_invalid")
    body = {"aud": AUD, "iat": 1, "kid": KID}
    typ = "customs-key+jwt"
    assert check_key_proof(odd(body, typ), author().certificate, AUD) == 1
    key_proof_refused(odd(body | {"kid": "x"}, typ), "key_proof_kid")
    key_proof_refused(odd(body | {"iat": -1}, typ), "key_proof_iat")
    key_proof_refused(odd(body | {"iat": True}, typ), "key_proof_iat")
    key_proof_refused(odd(body | {"iat": 1.0}, typ), "json_float")
    key_proof_refused(odd(body | {"jti": "x"}, typ), "payload_members")
    key_proof_refused(odd({"aud": AUD, "iat": 1}, typ), "payload_members")
    key_proof_refused(odd([], typ), "payload_members")
    key_proof_refused(odd(body, typ, kid="x"), "key_proof_kid")
    key_proof_refused(odd(body, typ, alg="Ed25519"), "alg_mismatch")
    key_proof_refused(odd(body, "JWT"), "header_typ")
    key_proof_refused(odd(body, typ, jwk={}), "header_members")
    key_proof_refused("x" * 10_000, "jws_malformed")
    key_proof_refused("a.b", "jws_malformed")


def test_a_read_token_of_a_firm() -> None:
    key = author()
    htu = "/records/ab?x=1"
    text = sign_read_token(key.sign, key.alg, key.kid, AUD, "GET", htu, 1_772_514_000, JTI)
    token = parse_read_token(text)
    assert (token.kid, token.aud, token.htm, token.htu, token.iat, token.jti, token.alg) == (
        key.kid, AUD, "GET", htu, 1_772_514_000, JTI, "ES256",
    )  # fmt: skip
    from ledger.statement.certificates import read_certificate

    public = read_certificate(key.certificate).public_key
    verify_signature(token.alg, public, token.signing_input, token.signature)


def test_a_read_token_of_a_peer() -> None:
    peer = demo_log_key("demo-00000000/hebei/peer")
    text = sign_read_token(peer.sign, "Ed25519", peer.name, AUD, "GET", "/logs", 1, JTI)
    token = parse_read_token(text)
    assert isinstance(token, ReadToken)
    assert token.kid == peer.name
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    public = Ed25519PublicKey.from_public_bytes(peer.public_key)
    verify_signature(token.alg, public, token.signing_input, token.signature)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"aud": 1}, "read_token_aud"),
        ({"htm": None}, "json_null"),
        ({"htm": 1}, "read_token_htm"),
        ({"htu": ["/"]}, "read_token_htu"),
        ({"jti": "short"}, "read_token_jti"),
        ({"jti": "AAAAAAAAAAAAAAAAAAAAAB"}, "read_token_jti"),
        ({"iat": "1"}, "read_token_iat"),
        ({"iat": -1}, "read_token_iat"),
        ({"iat": False}, "read_token_iat"),
        ({"exp": 1}, "payload_members"),
    ],
)
def test_read_tokens_that_are_not_ours(changes: dict[str, Any], code: str) -> None:
    body = {"aud": AUD, "htm": "GET", "htu": "/", "iat": 1, "jti": JTI} | changes
    with pytest.raises(VerificationError) as caught:
        parse_read_token(odd(body, "customs-read+jwt"))
    assert caught.value.code == code


def test_one_signed_text_never_passes_for_another() -> None:
    proof = sign_key_proof(author(), AUD, 1)
    signed = make().partition("~")[0]
    for text in (proof, signed):
        with pytest.raises(VerificationError) as caught:
            parse_read_token(text)
        assert caught.value.code == "header_typ"
    with pytest.raises(VerificationError):
        check_key_proof(signed, author().certificate, AUD)


def test_padding_in_any_part_is_refused() -> None:
    key = author()
    text = sign_read_token(key.sign, key.alg, key.kid, AUD, "GET", "/", 1, JTI)
    head, body, signature = text.split(".")
    for bad in (f"{head}=.{body}.{signature}", f"{head}.{body}=.{signature}", f"{text}=="):
        with pytest.raises(VerificationError):
            parse_read_token(bad)
    assert base64url.decode(signature)
