"""A certification authority for firms, small enough for a demo: one root that issues leaves directly.

Every certificate is a function of its content, serial number and signature included (RFC 6979), so that a
rerun gives the same bytes and so the same kids. Validity is a fixed span, since no clock is read here.
"""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from typing import Final

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from ledger.errors import InputError
from ledger.keys.author import subject
from ledger.statement.certificates import (
    EKU_AUTHOR,
    ORGANIZATION_IDENTIFIER,
    POLICY_AUTHOR,
)
from ledger.statement.claims import ISSUER_PREFIX
from ledger.statement.signing import AuthorPublicKey, algorithm_of

VALID_FROM: Final = datetime(2020, 1, 1, tzinfo=UTC)
VALID_TO: Final = datetime(2049, 12, 31, tzinfo=UTC)
_SERIAL_SIZE: Final = 16


class Authority:
    """Issues certificates of authors; ``certificate`` is its own, DER, to be named in a policy."""

    def __init__(self, private_key: ec.EllipticCurvePrivateKey, name: str) -> None:
        self._private_key = private_key
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        self.certificate = self._self_sign()

    def issue(
        self,
        public_key: AuthorPublicKey,
        uscc: str,
        name: str,
        common_name: str | None = None,
        valid_from: datetime = VALID_FROM,
        valid_to: datetime = VALID_TO,
    ) -> bytes:
        """A firm's certificate, DER, as formats.md §1.2 wants it.

        Raises:
            VerificationError: key_unsupported.
        """
        algorithm_of(public_key)
        owner = subject(uscc, name, common_name)
        uri = x509.UniformResourceIdentifier(ISSUER_PREFIX + uscc)
        builder = (
            x509.CertificateBuilder()
            .subject_name(owner)
            .issuer_name(self._name)
            .public_key(public_key)
            .serial_number(_serial(public_key, owner, valid_from, valid_to))
            .not_valid_before(valid_from)
            .not_valid_after(valid_to)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_usage(signs=True), critical=True)
            .add_extension(x509.ExtendedKeyUsage([EKU_AUTHOR]), critical=False)
            .add_extension(
                x509.CertificatePolicies([x509.PolicyInformation(POLICY_AUTHOR, None)]),
                critical=False,
            )
            .add_extension(x509.SubjectAlternativeName([uri]), critical=False)
            .add_extension(self._authority_key_identifier(), critical=False)
        )
        return self._sign(builder)

    def issue_request(self, pem: bytes) -> bytes:
        """Answer a certificate request (PKCS#10, PEM) made by AuthorKey.request; DER.

        Raises:
            InputError: request_malformed, request_subject.
        """
        try:
            request = x509.load_pem_x509_csr(pem)
            if not request.is_signature_valid:
                raise InputError("request_malformed", "the request is not signed by its own key")
            key = request.public_key()
        except (ValueError, UnsupportedAlgorithm) as error:
            raise InputError("request_malformed", "not a certificate request") from error
        wanted = (ORGANIZATION_IDENTIFIER, NameOID.ORGANIZATION_NAME)
        found = [request.subject.get_attributes_for_oid(oid) for oid in wanted]
        if any(len(attributes) != 1 for attributes in found):
            raise InputError("request_subject", "subject needs organizationIdentifier and O, once")
        uscc, name = (str(attributes[0].value) for attributes in found)
        # The key's kind is checked in issue; the type checker cannot know.
        return self.issue(key, uscc, name)  # type: ignore[arg-type]

    def _self_sign(self) -> bytes:
        public_key = self._private_key.public_key()
        builder = (
            x509.CertificateBuilder()
            .subject_name(self._name)
            .issuer_name(self._name)
            .public_key(public_key)
            .serial_number(_serial(public_key, self._name, VALID_FROM, VALID_TO))
            .not_valid_before(VALID_FROM)
            .not_valid_after(VALID_TO)
            .add_extension(x509.BasicConstraints(ca=True, path_length=1), critical=True)
            .add_extension(_usage(signs=False), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(public_key), critical=False)
        )
        return self._sign(builder)

    def _authority_key_identifier(self) -> x509.AuthorityKeyIdentifier:
        return x509.AuthorityKeyIdentifier.from_issuer_public_key(self._private_key.public_key())

    def _sign(self, builder: x509.CertificateBuilder) -> bytes:
        certificate = builder.sign(self._private_key, hashes.SHA256(), ecdsa_deterministic=True)
        return certificate.public_bytes(serialization.Encoding.DER)


def _usage(*, signs: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=signs,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=not signs,
        crl_sign=not signs,
        encipher_only=False,
        decipher_only=False,
    )


def _serial(
    public_key: AuthorPublicKey, owner: x509.Name, valid_from: datetime, valid_to: datetime
) -> int:
    spki = public_key.public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    span = f"{valid_from.isoformat()}/{valid_to.isoformat()}".encode()
    digest = hashlib.sha256(spki + owner.public_bytes() + span).digest()
    # The top bit is cleared, as serial numbers are positive; the lowest set, as they are not zero.
    return int.from_bytes(digest[:_SERIAL_SIZE], "big") >> 1 | 1
