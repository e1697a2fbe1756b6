from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from ledger.errors import VerificationError
from ledger.keys.demo import demo_author, demo_ca
from ledger.statement.certificates import (
    EKU_AUTHOR,
    ORGANIZATION_IDENTIFIER,
    POLICY_AUTHOR,
    check_certificate,
    kid_hex,
    kid_of,
    read_certificate,
)
from ledger.values import Millis
from tests.unit.statement.making import ISS, USCC, author

FROM, TO = datetime(2026, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC)
AT = Millis(1_772_409_600_000)
LEAF_KEY = ec.derive_private_key(12345, ec.SECP256R1())


def millis(moment: datetime) -> Millis:
    return Millis(int(moment.timestamp()) * 1000)


def usage(**on: bool) -> x509.KeyUsage:
    names = (
        "digital_signature", "content_commitment", "key_encipherment", "data_encipherment",
        "key_agreement", "key_cert_sign", "crl_sign", "encipher_only", "decipher_only",
    )  # fmt: skip
    return x509.KeyUsage(**{name: on.get(name, False) for name in names})


class Ca:
    """An authority that issues whatever it is asked for."""

    def __init__(
        self, key: Any, above: Ca | None = None, name: str = "Test CA", **changes: Any
    ) -> None:
        self.key = key
        self.name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        extensions: list[tuple[x509.ExtensionType, bool]] = [
            (x509.BasicConstraints(changes.get("ca", True), None), True),
            (usage(key_cert_sign=True, crl_sign=True), True),
            (x509.SubjectKeyIdentifier.from_public_key(key.public_key()), False),
        ]
        issuer = above or self
        if above is not None:
            extensions.append(
                (x509.AuthorityKeyIdentifier.from_issuer_public_key(above.key.public_key()), False)
            )
        self.der = issuer.sign(
            self.name,
            key.public_key(),
            extensions,
            changes.get("start", FROM),
            changes.get("end", TO),
        )

    def sign(
        self,
        subject: x509.Name,
        public_key: Any,
        extensions: list[tuple[x509.ExtensionType, bool]],
        start: datetime = FROM,
        end: datetime = TO,
    ) -> bytes:
        builder = x509.CertificateBuilder(
            self.name, subject, public_key, 4711, start, end,
        )  # fmt: skip
        for extension, critical in extensions:
            builder = builder.add_extension(extension, critical)
        algorithm = None if isinstance(self.key, ed25519.Ed25519PrivateKey) else hashes.SHA256()
        return builder.sign(self.key, algorithm).public_bytes(serialization.Encoding.DER)

    def leaf(self, key: Any = LEAF_KEY, **changes: Any) -> bytes:
        """An author's certificate, with parts replaced, or left out with None."""
        parts: dict[str, Any] = {
            "basic": (x509.BasicConstraints(False, None), True),
            "usage": (usage(digital_signature=True), True),
            "purpose": (x509.ExtendedKeyUsage([EKU_AUTHOR]), False),
            "policy": (policies(POLICY_AUTHOR), False),
            "san": (x509.SubjectAlternativeName([x509.UniformResourceIdentifier(ISS)]), False),
            "aki": (
                x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key()),
                False,
            ),
        } | {
            name: part for name, part in changes.items() if name not in {"subject", "start", "end"}
        }
        subject = changes.get(
            "subject", [(ORGANIZATION_IDENTIFIER, USCC), (NameOID.ORGANIZATION_NAME, "Firm")]
        )
        return self.sign(
            x509.Name([x509.NameAttribute(oid, text) for oid, text in subject]),
            key.public_key(),
            [part for part in parts.values() if part is not None],
            changes.get("start", FROM),
            changes.get("end", TO),
        )


def policies(*oids: x509.ObjectIdentifier) -> x509.CertificatePolicies:
    return x509.CertificatePolicies([x509.PolicyInformation(oid, None) for oid in oids])


CA = Ca(ec.derive_private_key(99, ec.SECP256R1()))


def check(
    der: bytes, *intermediates: bytes, cas: list[bytes] | None = None, at: Millis = AT
) -> None:
    check_certificate(der, list(intermediates), [CA.der] if cas is None else cas, at, ISS)


def refused(code: str, der: bytes, *intermediates: bytes, **more: Any) -> None:
    with pytest.raises(VerificationError) as caught:
        check(der, *intermediates, **more)
    assert caught.value.code == code


@pytest.mark.parametrize("alg", ["ES256", "Ed25519"])
def test_a_good_one(alg: str) -> None:
    key = author(alg)
    facts = check_certificate(key.certificate, [], [demo_ca().certificate], AT, ISS)
    assert (facts.uscc, facts.iss, facts.alg, facts.name) == (USCC, ISS, alg, "DEMO importer_bj")
    assert facts.kid == kid_of(key.certificate) == key.kid
    assert facts.not_before < AT < facts.not_after


@pytest.mark.parametrize("curve", [ec.SECP256R1(), ec.SECP384R1()])
def test_a_ca_of_either_curve_and_an_intermediate(curve: ec.EllipticCurve) -> None:
    root = Ca(ec.derive_private_key(5, curve), name="Root")
    middle = Ca(ec.derive_private_key(6, curve), above=root, name="Middle")
    check(middle.leaf(), middle.der, cas=[root.der])
    refused("certificate_untrusted", middle.leaf(), cas=[root.der])
    refused("certificate_untrusted", middle.leaf(), middle.der)


def test_a_chain_is_believed_only_as_long_as_all_of_it_is_valid() -> None:
    root = Ca(ec.derive_private_key(5, ec.SECP256R1()), name="Root")
    end = datetime(2026, 6, 1, tzinfo=UTC)
    middle = Ca(ec.derive_private_key(6, ec.SECP256R1()), above=root, name="Middle", end=end)
    leaf = middle.leaf()
    for _ in range(2):
        check(leaf, middle.der, cas=[root.der])
        check(leaf, middle.der, cas=[root.der], at=millis(end))
        late = millis(end + timedelta(seconds=1))
        refused("certificate_untrusted", leaf, middle.der, cas=[root.der], at=late)


def test_time_is_exact_to_the_second() -> None:
    leaf = CA.leaf()
    check(leaf, at=millis(FROM))
    check(leaf, at=millis(TO))
    for _ in range(2):
        refused("certificate_not_yet_valid", leaf, at=Millis(millis(FROM) - 1))
        refused("certificate_expired", leaf, at=Millis(millis(TO) + 1))
        refused("certificate_not_yet_valid", leaf, at=Millis(-(10**18)))
        refused("certificate_expired", leaf, at=Millis(10**18))


def test_another_firm_is_refused() -> None:
    with pytest.raises(VerificationError) as caught:
        check_certificate(CA.leaf(), [], [CA.der], AT, "urn:uscc:91120000DEMT000296")
    assert caught.value.code == "certificate_issuer"


def test_trust_comes_from_the_given_cas_only() -> None:
    other = Ca(ec.derive_private_key(100, ec.SECP256R1()))
    refused("certificate_untrusted", other.leaf())
    refused("certificate_untrusted", other.leaf(), other.der)
    refused("certificate_untrusted", CA.leaf(), cas=[])
    refused("certificate_untrusted", CA.leaf(), *[other.der] * 9)
    check(CA.leaf(), cas=[other.der, CA.der])
    # The same leaf was just believed under other authorities: that must not carry over.
    refused("certificate_untrusted", CA.leaf(), cas=[other.der])


def test_a_leaf_does_not_issue() -> None:
    key = ec.derive_private_key(77, ec.SECP256R1())
    firm = Ca(key, above=CA, name="Firm", ca=False)
    refused("certificate_untrusted", firm.leaf(), firm.der)


@pytest.mark.parametrize(
    "key", [ed25519.Ed25519PrivateKey.from_private_bytes(bytes(32)), ec.derive_private_key(9, ec.SECP521R1())]
)  # fmt: skip
def test_ca_keys_of_other_kinds_are_refused(key: Any) -> None:
    strange = Ca(key, name="Strange")
    with pytest.raises(VerificationError) as caught:
        check(strange.leaf(), cas=[strange.der])
    assert caught.value.code in {"certificate_ca_key", "certificate_untrusted"}


def test_a_ca_in_the_middle_of_another_kind_is_refused() -> None:
    middle = Ca(ec.derive_private_key(9, ec.SECP521R1()), above=CA, name="Strange")
    refused("certificate_ca_key", middle.leaf(), middle.der)


ORG = ORGANIZATION_IDENTIFIER
ANY_PURPOSE = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE])
CLIENT = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH])
STRANGE = x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4"), b"\x05\x00")
SAN = x509.SubjectAlternativeName
URI = x509.UniformResourceIdentifier


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"san": None}, "certificate_san"),
        ({"san": (SAN([x509.DNSName("a.test")]), False)}, "certificate_san"),
        ({"san": (SAN([URI("urn:uscc:91120000DEMT000296")]), False)}, "certificate_san"),
        ({"san": (SAN([URI(ISS), URI("urn:x:y")]), False)}, "certificate_san"),
        ({"san": (SAN([URI(ISS), x509.DNSName("a.test")]), False)}, "certificate_san"),
        ({"san": (SAN([URI(USCC)]), False)}, "certificate_san"),
        ({"subject": [(NameOID.ORGANIZATION_NAME, "Firm")]}, "certificate_subject"),
        ({"subject": [(ORGANIZATION_IDENTIFIER, ISS)]}, "certificate_san"),
        ({"subject": [(ORGANIZATION_IDENTIFIER, "91120000DEMT000296")]}, "certificate_san"),
        ({"subject": [(ORG, USCC), (ORG, USCC)]}, "certificate_subject"),
        ({"basic": (x509.BasicConstraints(True, 0), True)}, "certificate_is_ca"),
        ({"usage": None}, "certificate_key_usage"),
        ({"usage": (usage(digital_signature=True, content_commitment=True), True)}, "certificate_key_usage"),
        ({"usage": (usage(digital_signature=True, key_cert_sign=True), True)}, "certificate_key_usage"),
        ({"usage": (usage(content_commitment=True), True)}, "certificate_key_usage"),
        ({"purpose": None}, "certificate_extended_key_usage"),
        ({"purpose": (CLIENT, False)}, "certificate_extended_key_usage"),
        ({"purpose": (ANY_PURPOSE, False)}, "certificate_extended_key_usage"),
        ({"policy": None}, "certificate_policy"),
        ({"policy": (policies(x509.ObjectIdentifier("2.5.29.32.0")), False)}, "certificate_policy"),
        ({"policy": (policies(POLICY_AUTHOR), True)}, "certificate_critical_extension"),
        ({"more": (STRANGE, True)}, "certificate_critical_extension"),
    ],
)  # fmt: skip
def test_each_requirement(changes: dict[str, Any], code: str) -> None:
    refused(code, CA.leaf(**changes))


@pytest.mark.parametrize(
    "changes",
    [
        {"basic": None},
        {"policy": (policies(POLICY_AUTHOR, x509.ObjectIdentifier("1.2.3")), False)},
        {"purpose": (x509.ExtendedKeyUsage([EKU_AUTHOR]), True)},
        {
            "more": (
                x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4"), b"\x05\x00"),
                False,
            )
        },
        {"subject": [(ORGANIZATION_IDENTIFIER, USCC)]},
    ],
)
def test_what_else_may_stand_in_one(changes: dict[str, Any]) -> None:
    check(CA.leaf(**changes))


@pytest.mark.parametrize(
    "key", [ec.derive_private_key(9, ec.SECP384R1()), ec.derive_private_key(9, ec.SECP256K1())]
)
def test_author_keys_of_other_kinds_are_refused(key: Any) -> None:
    refused("certificate_key", CA.leaf(key))


def test_rsa_is_refused() -> None:
    refused("certificate_key", CA.leaf(rsa.generate_private_key(65537, 2048)))


def test_odd_bytes_give_nothing_but_verification_errors() -> None:
    good = CA.leaf()
    for at in range(len(good)):
        for new in (0x00, 0xFF, good[at] ^ 1, good[at] ^ 0x80):
            if new == good[at]:
                continue
            with pytest.raises(VerificationError):
                check(good[:at] + bytes([new]) + good[at + 1 :])
    for size in range(0, len(good), 3):
        with pytest.raises(VerificationError):
            read_certificate(good[:size])
    refused("certificate_malformed", good + b"\0")
    refused("certificate_malformed", b"0" * 10_000)


def test_odd_bytes_in_the_chain_give_nothing_but_verification_errors() -> None:
    root = Ca(ec.derive_private_key(5, ec.SECP256R1()), name="Root")
    middle = Ca(ec.derive_private_key(6, ec.SECP256R1()), above=root, name="Middle")
    leaf = middle.leaf()
    for at in range(0, len(middle.der), 2):
        bad = middle.der[:at] + bytes([middle.der[at] ^ 4]) + middle.der[at + 1 :]
        with pytest.raises(VerificationError) as caught:
            check(leaf, bad, cas=[root.der])
        assert caught.value.code in {"certificate_malformed", "certificate_untrusted"}


def test_kid_in_hex() -> None:
    assert bytes.fromhex(kid_hex(author().kid)) == hashlib.sha256(author().certificate).digest()
    for text in ("AA", "!", author().kid + "A"):
        with pytest.raises(VerificationError):
            kid_hex(text)


def test_demo_certificates_pass_their_own_check() -> None:
    other = demo_author("customs_bj", "11100000DEMJC0001K", "DEMO Beijing Customs Office")
    check_certificate(
        other.certificate, [], [demo_ca().certificate], AT, "urn:uscc:11100000DEMJC0001K"
    )
