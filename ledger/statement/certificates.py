"""Certificates of authors: what they must carry, and whether they chain to a CA of the policy (RFC 5280).

Parsed certificates and built chains are remembered, as an author's statements share one certificate.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Final, TypeVar

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509 import verification
from cryptography.x509.oid import ExtensionOID, NameOID

from ledger.errors import VerificationError
from ledger.statement import base64url
from ledger.statement.claims import ISSUER_PREFIX
from ledger.statement.signing import AuthorPublicKey, algorithm_of
from ledger.values import Millis

EKU_AUTHOR: Final = x509.ObjectIdentifier("2.25.276174895217352137512369114027733114625")
POLICY_AUTHOR: Final = x509.ObjectIdentifier("2.25.184107283947029384756102938475610293847")
ORGANIZATION_IDENTIFIER: Final = NameOID.ORGANIZATION_IDENTIFIER

MAX_CERTIFICATE: Final = 8192
MAX_INTERMEDIATES: Final = 8
# Policies are not among them: the path builder of `cryptography` does not take them as critical.
_UNDERSTOOD: Final = frozenset(
    {
        ExtensionOID.BASIC_CONSTRAINTS,
        ExtensionOID.KEY_USAGE,
        ExtensionOID.EXTENDED_KEY_USAGE,
        ExtensionOID.SUBJECT_ALTERNATIVE_NAME,
    }
)
# What the parser raises over odd bytes; it reads extensions and keys only when they are asked for.
# Warning stands here for callers that turn the parser's warnings into errors.
_UNREADABLE = (
    ValueError, TypeError, UnsupportedAlgorithm, x509.DuplicateExtension, x509.InvalidVersion,
    x509.UnsupportedGeneralNameType, x509.AttributeNotFound, OverflowError, Warning,
)  # fmt: skip
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SIGNS_ONLY: Final = x509.KeyUsage(
    digital_signature=True,
    content_commitment=False,
    key_encipherment=False,
    data_encipherment=False,
    key_agreement=False,
    key_cert_sign=False,
    crl_sign=False,
    encipher_only=False,
    decipher_only=False,
)
_Extension = TypeVar("_Extension", bound=x509.ExtensionType)


@dataclass(frozen=True, slots=True)
class CertificateFacts:
    """What an author's certificate says, its own requirements checked, its chain not.

    ``kid`` is base64url; ``not_before`` and ``not_after`` are both within the validity.
    """

    kid: str
    iss: str
    uscc: str
    name: str
    not_before: Millis
    not_after: Millis
    alg: str
    public_key: AuthorPublicKey


def kid_of(der: bytes) -> str:
    """SHA-256 of a certificate's DER in base64url (the x5t#S256 of RFC 7515)."""
    return base64url.encode(hashlib.sha256(der).digest())


def kid_hex(kid: str) -> str:
    """A kid as it is named outside of headers: lower-case hex.

    Raises:
        VerificationError: kid_malformed.
    """
    digest = base64url.decode(kid)
    if len(digest) != hashlib.sha256().digest_size:
        raise VerificationError("kid_malformed", "kid is not a SHA-256 digest")
    return digest.hex()


@lru_cache(maxsize=4096)
def read_certificate(der: bytes) -> CertificateFacts:
    """Read an author's certificate and check all that stands in itself (formats.md §1.2).

    Raises:
        VerificationError: certificate_malformed, certificate_key, certificate_subject,
            certificate_san, certificate_is_ca, certificate_key_usage, certificate_extended_key_usage,
            certificate_policy, certificate_critical_extension.
    """
    try:
        certificate = load_certificate(der)
        uscc = _organization_identifier(certificate)
        extensions = certificate.extensions
        _check_critical(extensions)
        iss = _subject_uri(extensions)
        if iss != ISSUER_PREFIX + uscc:
            raise VerificationError("certificate_san", "the SAN URI is not urn:uscc: and the USCC")
        _check_usage(extensions)
        alg, public_key = _public_key(certificate)
        return CertificateFacts(
            kid=kid_of(der),
            iss=iss,
            uscc=uscc,
            name=_name(certificate),
            not_before=_millis(certificate.not_valid_before_utc),
            not_after=_millis(certificate.not_valid_after_utc),
            alg=alg,
            public_key=public_key,
        )
    except _UNREADABLE as error:
        raise VerificationError(
            "certificate_malformed", f"cannot be read: {error}"[:300]
        ) from error


def load_certificate(der: bytes) -> x509.Certificate:
    """Parse DER.

    Raises:
        VerificationError: certificate_malformed.
    """
    if len(der) > MAX_CERTIFICATE:
        raise VerificationError("certificate_malformed", f"longer than {MAX_CERTIFICATE} bytes")
    try:
        certificate = x509.load_der_x509_certificate(der)
        # The parser lets the signature's count of unused bits be other than 0, which makes a twin.
        if not der.endswith(b"\0" + certificate.signature):
            raise VerificationError("certificate_malformed", "the signature is not whole bytes")
        if certificate.serial_number > 0 and certificate.version is x509.Version.v3:
            return certificate
    except _UNREADABLE as error:
        raise VerificationError(
            "certificate_malformed", f"cannot be read: {error}"[:300]
        ) from error
    raise VerificationError("certificate_malformed", "not version 3 with a positive serial number")


def check_certificate(
    der: bytes,
    intermediates: Sequence[bytes],
    cas: Sequence[bytes],
    at: Millis,
    iss: str,
) -> CertificateFacts:
    """Check that the certificate is an author's, is iss's, and chained to one of cas at that time.

    Raises:
        VerificationError: certificate_issuer, certificate_not_yet_valid, certificate_expired,
            certificate_untrusted, certificate_ca_key, and those of read_certificate.
    """
    facts = read_certificate(der)
    if facts.iss != iss:
        raise VerificationError("certificate_issuer", f"certificate is {facts.iss}'s", "/iss")
    if at < facts.not_before:
        raise VerificationError("certificate_not_yet_valid", "not valid yet at that time")
    if at > facts.not_after:
        raise VerificationError("certificate_expired", "no longer valid at that time")
    chain = (bytes(der), tuple(intermediates), tuple(cas))
    window = _known_windows(*chain)
    # But for time, a chain holds for ever: so within the window in which all of it is valid, one
    # check stands for all. Outside of it another chain may exist, hence the check anew.
    if not any(start <= at <= end for start, end in window):
        window.append(_build_chain(*chain, at))
        del window[:-4]
    return facts


@lru_cache(maxsize=4096)
def _known_windows(
    der: bytes, intermediates: tuple[bytes, ...], cas: tuple[bytes, ...]
) -> list[tuple[Millis, Millis]]:
    del der, intermediates, cas
    return []


def _build_chain(
    der: bytes, intermediates: tuple[bytes, ...], cas: tuple[bytes, ...], at: Millis
) -> tuple[Millis, Millis]:
    """The span in which every certificate of the chain found at that time is valid."""
    if len(intermediates) > MAX_INTERMEDIATES:
        raise VerificationError("certificate_untrusted", "too many intermediates")
    if not cas:
        raise VerificationError("certificate_untrusted", "no CA is trusted")
    try:
        # Seconds only: the verifier compares whole seconds, and so do the certificates.
        moment = _EPOCH + timedelta(seconds=at // 1000)
        verifier = (
            verification.PolicyBuilder()
            .store(verification.Store([load_certificate(ca) for ca in cas]))
            .time(moment)
            .max_chain_depth(3)
            .extension_policies(
                ca_policy=verification.ExtensionPolicy.webpki_defaults_ca(),
                ee_policy=verification.ExtensionPolicy.permit_all(),
            )
            .build_client_verifier()
        )
        leaf = load_certificate(der)
        chain = verifier.verify(leaf, [load_certificate(other) for other in intermediates]).chain
        _check_ca_keys(chain[1:])
    except (verification.VerificationError, *_UNREADABLE) as error:
        raise VerificationError(
            "certificate_untrusted", f"no chain to a trusted CA: {error}"[:300]
        ) from error
    return (
        max(_millis(link.not_valid_before_utc) for link in chain),
        min(_millis(link.not_valid_after_utc) for link in chain),
    )


def _check_ca_keys(authorities: Sequence[x509.Certificate]) -> None:
    if not authorities:
        raise VerificationError("certificate_untrusted", "the certificate vouches for itself")
    for authority in authorities:
        key = authority.public_key()
        if not isinstance(key, ec.EllipticCurvePublicKey) or not isinstance(
            key.curve, ec.SECP256R1 | ec.SECP384R1
        ):
            raise VerificationError("certificate_ca_key", "a CA's key is neither P-256 nor P-384")


def _public_key(certificate: x509.Certificate) -> tuple[str, AuthorPublicKey]:
    key = certificate.public_key()
    try:
        return algorithm_of(key), key  # type: ignore[return-value]
    except VerificationError as error:
        raise VerificationError("certificate_key", error.detail) from error


def _organization_identifier(certificate: x509.Certificate) -> str:
    found = certificate.subject.get_attributes_for_oid(ORGANIZATION_IDENTIFIER)
    if len(found) != 1 or not isinstance(found[0].value, str):
        raise VerificationError("certificate_subject", "not exactly one organizationIdentifier")
    return found[0].value


def _name(certificate: x509.Certificate) -> str:
    for oid in (NameOID.ORGANIZATION_NAME, NameOID.COMMON_NAME):
        for attribute in certificate.subject.get_attributes_for_oid(oid):
            if isinstance(attribute.value, str):
                return attribute.value
    return ""


def _subject_uri(extensions: x509.Extensions) -> str:
    names = list(_required(extensions, x509.SubjectAlternativeName, "certificate_san"))
    if len(names) != 1 or not isinstance(names[0], x509.UniformResourceIdentifier):
        raise VerificationError("certificate_san", "subjectAltName is not exactly one URI")
    return names[0].value


def _check_usage(extensions: x509.Extensions) -> None:
    if any(isinstance(e.value, x509.BasicConstraints) and e.value.ca for e in extensions):
        raise VerificationError("certificate_is_ca", "a CA does not sign statements")
    usage = _required(extensions, x509.KeyUsage, "certificate_key_usage")
    if usage != _SIGNS_ONLY:
        raise VerificationError("certificate_key_usage", "not for digitalSignature alone")
    purposes = _required(extensions, x509.ExtendedKeyUsage, "certificate_extended_key_usage")
    if EKU_AUTHOR not in purposes:
        raise VerificationError("certificate_extended_key_usage", "not for signing statements")
    policies = _required(extensions, x509.CertificatePolicies, "certificate_policy")
    if not any(policy.policy_identifier == POLICY_AUTHOR for policy in policies):
        raise VerificationError("certificate_policy", "not issued under the policy for authors")


def _check_critical(extensions: x509.Extensions) -> None:
    for extension in extensions:
        if extension.critical and extension.oid not in _UNDERSTOOD:
            raise VerificationError(
                "certificate_critical_extension", f"{extension.oid.dotted_string} is critical"
            )


def _required(extensions: x509.Extensions, kind: type[_Extension], code: str) -> _Extension:
    for extension in extensions:
        if isinstance(extension.value, kind):
            return extension.value
    raise VerificationError(code, f"no {kind.__name__}")


def _millis(moment: datetime) -> Millis:
    return Millis((moment - _EPOCH) // timedelta(milliseconds=1))
