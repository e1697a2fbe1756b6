"""A certificate authority and firms whose keys follow from their names, so that every run is the same.

Everybody can compute these keys: they are for tests and the corpus of bundles, nothing else.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import UTC, datetime

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from ledger.statement.certificates import (
    EKU_AUTHOR,
    ORGANIZATION_IDENTIFIER,
    POLICY_AUTHOR,
    kid_hex,
    kid_of,
)
from ledger.statement.signing import (
    ED25519,
    ES256,
    P256_ORDER,
    AuthorPrivateKey,
    sign_with,
)

NOT_BEFORE = datetime(2026, 1, 1, tzinfo=UTC)
NOT_AFTER = datetime(2029, 1, 1, tzinfo=UTC)
_USCC_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"


def uscc_of(number: int) -> str:
    """A USCC with a valid check character (GB 32100-2015), made of a running number."""
    body = f"91110000{number:09d}"
    total = sum(_USCC_ALPHABET.index(char) * pow(3, place, 31) for place, char in enumerate(body))
    return body + _USCC_ALPHABET[-total % 31]


def p256_key(name: str) -> ec.EllipticCurvePrivateKey:
    """A P-256 key that follows from a name."""
    secret = int.from_bytes(hashlib.sha512(f"p256 {name}".encode()).digest(), "big")
    return ec.derive_private_key(secret % (P256_ORDER - 1) + 1, ec.SECP256R1())


def ed25519_key(name: str) -> ed25519.Ed25519PrivateKey:
    """An Ed25519 key that follows from a name."""
    return ed25519.Ed25519PrivateKey.from_private_bytes(
        hashlib.sha256(f"ed25519 {name}".encode()).digest()
    )


@dataclass(frozen=True)
class Firm:
    """An author with its certificate; an ``AuthorSigner``."""

    name: str
    uscc: str
    alg: str
    key: AuthorPrivateKey = field(repr=False)
    certificate: bytes = field(repr=False)

    @property
    def iss(self) -> str:
        """The author as statements name it."""
        return f"urn:uscc:{self.uscc}"

    @property
    def kid(self) -> str:
        """SHA-256 of the certificate, base64url."""
        return kid_of(self.certificate)

    @property
    def kid_hex(self) -> str:
        """The kid as policies and business keys name it."""
        return kid_hex(self.kid)

    def sign(self, signing_input: bytes) -> bytes:
        """64 bytes, deterministic."""
        return sign_with(self.key, signing_input)


@dataclass(frozen=True)
class Authority:
    """A CA with a P-256 key; ``issuer`` is the CA above it, or None for a root."""

    name: str
    issuer: Authority | None = None

    @property
    def key(self) -> ec.EllipticCurvePrivateKey:
        """The CA's private key."""
        return p256_key(f"authority {self.name}")

    @property
    def subject(self) -> x509.Name:
        """The CA's distinguished name."""
        return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, self.name)])

    @property
    def certificate(self) -> bytes:
        """The CA's certificate, DER."""
        above = self.issuer or self
        usage = key_usage(digital_signature=False, key_cert_sign=True)
        builder = (
            certificate_builder(
                self.subject, above.subject, self.key.public_key(), f"authority {self.name}"
            )
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            .add_extension(usage, critical=True)
        )
        return _signed(builder, self.key.public_key(), above.key)

    def admit(
        self,
        name: str,
        uscc: str,
        alg: str = ES256,
        *,
        valid: tuple[datetime, datetime] = (NOT_BEFORE, NOT_AFTER),
        san: str | None = None,
    ) -> Firm:
        """Give a firm a key and a certificate; ``san`` overrides the name it vouches for."""
        key = ed25519_key(f"firm {name}") if alg == ED25519 else p256_key(f"firm {name}")
        subject = x509.Name(
            [
                x509.NameAttribute(NameOID.COUNTRY_NAME, "CN"),
                x509.NameAttribute(NameOID.ORGANIZATION_NAME, name),
                x509.NameAttribute(ORGANIZATION_IDENTIFIER, uscc),
            ]
        )
        uri = x509.UniformResourceIdentifier(san or f"urn:uscc:{uscc}")
        policy = x509.PolicyInformation(POLICY_AUTHOR, None)
        builder = (
            certificate_builder(subject, self.subject, key.public_key(), f"firm {name}", valid)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(key_usage(digital_signature=True, key_cert_sign=False), critical=True)
            .add_extension(x509.ExtendedKeyUsage([EKU_AUTHOR]), critical=False)
            .add_extension(x509.CertificatePolicies([policy]), critical=False)
            .add_extension(x509.SubjectAlternativeName([uri]), critical=False)
        )
        return Firm(name, uscc, alg, key, _signed(builder, key.public_key(), self.key))


def key_usage(*, digital_signature: bool, key_cert_sign: bool) -> x509.KeyUsage:
    """Leave to sign statements, certificates and revocations, or neither."""
    return x509.KeyUsage(
        digital_signature=digital_signature,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=key_cert_sign,
        crl_sign=key_cert_sign,
        encipher_only=False,
        decipher_only=False,
    )


def certificate_builder(
    subject: x509.Name,
    issuer: x509.Name,
    public_key: ec.EllipticCurvePublicKey | ed25519.Ed25519PublicKey,
    name: str,
    valid: tuple[datetime, datetime] = (NOT_BEFORE, NOT_AFTER),
) -> x509.CertificateBuilder:
    """A certificate without extensions yet; its serial number follows from ``name``."""
    serial = int.from_bytes(hashlib.sha256(f"serial {name}".encode()).digest()[:15], "big") | 1
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(public_key)
        .serial_number(serial)
        .not_valid_before(valid[0])
        .not_valid_after(valid[1])
    )


def _signed(
    builder: x509.CertificateBuilder,
    public_key: ec.EllipticCurvePublicKey | ed25519.Ed25519PublicKey,
    authority: ec.EllipticCurvePrivateKey,
) -> bytes:
    """Add the key identifiers and sign; ECDSA as in RFC 6979, so the bytes never change."""
    certificate = (
        builder.add_extension(x509.SubjectKeyIdentifier.from_public_key(public_key), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(authority.public_key()),
            critical=False,
        )
        .sign(authority, hashes.SHA256(), ecdsa_deterministic=True)
    )
    return certificate.public_bytes(Encoding.DER)
