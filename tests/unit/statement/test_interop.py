"""Both ways with the reference implementation of SD-JWT in Python (package sd-jwt)."""

from __future__ import annotations

import json
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from jwcrypto.jwk import JWK  # type: ignore[import-untyped]
from jwcrypto.jws import InvalidJWSSignature  # type: ignore[import-untyped]
from sd_jwt.common import SDObj
from sd_jwt.holder import SDJWTHolder
from sd_jwt.issuer import SDJWTIssuer
from sd_jwt.verifier import SDJWTVerifier

from ledger.errors import VerificationError
from ledger.keys.author import AuthorKey
from ledger.keys.demo import demo_ca
from ledger.statement import base64url
from ledger.statement.sdjwt import (
    CLOSED,
    Statement,
    check_signature,
    join,
    open_slots,
    parse,
    present,
    require_all_open,
    require_no_strays,
)
from ledger.statement.signing import P256_ORDER, low_s
from tests.unit.statement.making import (
    FIELDS,
    USCC,
    author,
    disclose,
    header,
    make,
    nested,
    payload,
)

KEY = ec.derive_private_key(424242, ec.SECP256R1())
AUTHOR = AuthorKey(KEY, demo_ca().issue(KEY.public_key(), USCC, "Firm"))
EDWARDS = ed25519.Ed25519PrivateKey.from_private_bytes(b"i" * 32)
EDWARDS_AUTHOR = AuthorKey(EDWARDS, demo_ca().issue(EDWARDS.public_key(), USCC, "Firm"))


def pem(key: ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


PEM = pem(KEY)


def theirs_of(compact: str, certificate: bytes) -> dict[str, Any]:
    """What their verifier reads from a statement of ours."""
    from ledger.statement.certificates import read_certificate

    public = read_certificate(certificate).public_key.public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    verified: dict[str, Any] = SDJWTVerifier(
        compact, lambda _issuer, _header: JWK.from_pem(public)
    ).get_verified_payload()
    return verified


def issue_there(fields: dict[str, Any], **extra: Any) -> Statement:
    """A statement made by their issuer in our structure, in low-S form."""
    claims = payload(fields=fields) | extra
    del claims["_sd_alg"]
    issued = SDJWTIssuer(
        claims, JWK.from_pem(PEM), extra_header_parameters=header(kid=AUTHOR.kid), sign_alg="ES256"
    ).sd_jwt_issuance
    signed, *disclosures, _ = issued.split("~")
    head, body, signature = signed.split(".")
    lower = base64url.encode(low_s(base64url.decode(signature)))
    return parse(join(f"{head}.{body}.{lower}".encode(), disclosures))


def test_ours_reads_there() -> None:
    there = theirs_of(make(), author().certificate)
    assert there["fields"]["gross_kg"] == ["2104.0"]
    assert there["fields"]["goods_name"] == ["汽车零件"]
    assert there["fields"]["lines"] == [["one"], [{"hs10": "8708999990", "qty": 7}]]
    assert there["fields"]["empty"] == []
    assert there["iss"] == f"urn:uscc:{USCC}"


def test_ours_in_part_and_nested_reads_there() -> None:
    part = present(parse(make()), lambda path: path in {("key",), ("lines", 1)})
    there = theirs_of(part, author().certificate)
    assert there["fields"]["gross_kg"] == []
    assert there["fields"]["lines"] == [[], [{"hs10": "8708999990", "qty": 7}]]
    deep = theirs_of(nested(), author().certificate)
    assert deep["fields"]["party"] == [
        {"name": ["DEMO Huabei"], "phones": [["1"], ["2"]], "inner": [{"x": [1]}]}
    ]


def test_ours_in_ed25519_reads_there() -> None:
    there = theirs_of(make(alg="Ed25519"), author("Ed25519").certificate)
    assert there["fields"]["gross_kg"] == ["2104.0"]
    part = present(parse(make(alg="Ed25519")), lambda path: path == ("key",))
    assert theirs_of(part, author("Ed25519").certificate)["fields"]["gross_kg"] == []


def test_theirs_in_ed25519_reads_here() -> None:
    claims = payload(fields={"key": [SDObj("BL:1")], "lines": [[SDObj("one")], [SDObj(2)]]})
    del claims["_sd_alg"]
    issued = SDJWTIssuer(
        claims, JWK.from_pem(pem(EDWARDS)), sign_alg="Ed25519",
        extra_header_parameters=header(alg="Ed25519", kid=EDWARDS_AUTHOR.kid),
    ).sd_jwt_issuance  # fmt: skip
    statement = parse(issued)
    check_signature(statement, EDWARDS_AUTHOR.certificate)
    opened = open_slots(statement)
    require_all_open(opened)
    assert opened.fields == {"key": "BL:1", "lines": ["one", 2]}
    # By its older name the same key and the same signature are another algorithm.
    older = SDJWTIssuer(
        claims, JWK.from_pem(pem(EDWARDS)), sign_alg="EdDSA",
        extra_header_parameters=header(alg="EdDSA", kid=EDWARDS_AUTHOR.kid),
    ).sd_jwt_issuance  # fmt: skip
    with pytest.raises(VerificationError) as caught:
        parse(older)
    assert caught.value.code == "header_alg"


def test_a_change_in_ours_is_seen_there() -> None:
    """Else their reading of ours would show that they read, not that they check."""
    certificate = author().certificate
    signed, _, *rest = make().split("~")
    head, body, signature = signed.split(".")
    other = base64url.encode(base64url.decode(body).replace(b'"iat":17', b'"iat":18'))
    with pytest.raises(InvalidJWSSignature):
        theirs_of("~".join([f"{head}.{other}.{signature}", *rest]), certificate)
    # A value that nobody signed is not shown there; that it was put in, only our own reader says.
    changed = "~".join([signed, disclose("BL:ANOTHER"), *rest])
    assert theirs_of(changed, certificate)["fields"]["key"] == []
    with pytest.raises(VerificationError, match="disclosure_unreferenced"):
        require_no_strays(open_slots(parse(changed)))


def test_theirs_reads_here() -> None:
    for _ in range(8):
        fields = {
            "key": [SDObj("BL:1")],
            "goods_name": [SDObj("汽车零件")],
            "packages": [SDObj(24)],
            "lines": [[SDObj("one")], [SDObj({"hs10": "8708999990"})]],
            "party": [SDObj({"name": [SDObj("DEMO")], "phones": [[SDObj("1")]]})],
            "empty": [],
        }
        statement = issue_there(fields)
        check_signature(statement, AUTHOR.certificate)
        opened = open_slots(statement)
        require_all_open(opened)
        assert opened.fields == {
            "key": "BL:1",
            "goods_name": "汽车零件",
            "packages": 24,
            "lines": ["one", {"hs10": "8708999990"}],
            "party": {"name": "DEMO", "phones": ["1"]},
            "empty": [],
        }


def test_their_high_s_signatures_need_the_low_s_step() -> None:
    highs = 0
    for _ in range(40):
        signed = SDJWTIssuer(
            payload(), JWK.from_pem(PEM), extra_header_parameters=header(kid=AUTHOR.kid)
        ).sd_jwt_issuance.split("~")[0]
        statement = parse(signed + "~")
        if int.from_bytes(statement.signature[32:], "big") > P256_ORDER // 2:
            highs += 1
            with pytest.raises(VerificationError) as caught:
                check_signature(statement, AUTHOR.certificate)
            assert caught.value.code == "signature_high_s"
    # 2^-40 that none of them is.
    assert highs


def test_their_holder_presents_ours() -> None:
    holder = SDJWTHolder(make())
    holder.create_presentation({"fields": {"gross_kg": [True]}})
    statement = parse(holder.sd_jwt_presentation)
    opened = open_slots(statement)
    require_no_strays(opened)
    assert opened.fields["gross_kg"] == FIELDS["gross_kg"]
    assert opened.fields["key"] is CLOSED


def test_two_values_for_one_field_as_their_library_lets_an_author_sign_them() -> None:
    # Legal there: two undisclosed claims of one name in `_sd`, each shown to another reader.
    with pytest.raises(VerificationError) as caught:
        issue_there({SDObj("gross_kg"): "2104.0"})
    assert caught.value.code in {"slot_shape", "field_name"}
    with pytest.raises(VerificationError):
        issue_there({"gross_kg": [SDObj("2104.0"), SDObj("1.0")]})
    with pytest.raises(VerificationError):
        issue_there({"key": [SDObj("K")]}, note="x")
    # Inside a value the shape comes to light when it is opened.
    inner = issue_there({"party": [SDObj({SDObj("name"): "A"})]})
    with pytest.raises(VerificationError) as caught:
        open_slots(inner)
    assert caught.value.code == "field_name"


def test_their_decoys_are_refused() -> None:
    claims = payload(fields={"key": [SDObj("K")]})
    del claims["_sd_alg"]
    issued = SDJWTIssuer(
        claims, JWK.from_pem(PEM), extra_header_parameters=header(kid=AUTHOR.kid),
        add_decoy_claims=True,
    ).sd_jwt_issuance  # fmt: skip
    with pytest.raises(VerificationError):
        parse(issued)
    assert "_sd" in json.loads(base64url.decode(issued.split(".")[1]))
