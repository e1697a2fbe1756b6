"""A firm's signing key: P-256 or Ed25519 in a PKCS#8 PEM file, and the certificate beside it."""

from __future__ import annotations

from pathlib import Path

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.x509.oid import NameOID

from ledger.errors import InputError, VerificationError
from ledger.keys.files import read_secret, write_secret
from ledger.statement.certificates import (
    MAX_CERTIFICATE,
    ORGANIZATION_IDENTIFIER,
    kid_of,
    read_certificate,
)
from ledger.statement.claims import ISSUER_PREFIX
from ledger.statement.signing import ES256, AuthorPrivateKey, algorithm_of, sign_with


class AuthorKey:
    """Signs an author's statements (ledger.statement.signing.AuthorSigner); the key never leaves it.

    A fresh key has no certificate: it can make a request for one, and signs after ``attach``.
    """

    def __init__(self, private_key: AuthorPrivateKey, certificate: bytes | None = None) -> None:
        self._private_key = private_key
        self._alg = algorithm_of(private_key.public_key())
        self._certificate: bytes | None = None
        self._kid = ""
        if certificate is not None:
            self.attach(certificate)

    @classmethod
    def make(cls, alg: str = ES256) -> AuthorKey:
        """A new random key for ES256 or Ed25519."""
        if alg == ES256:
            return cls(ec.generate_private_key(ec.SECP256R1()))
        return cls(ed25519.Ed25519PrivateKey.generate())

    @classmethod
    def load(cls, path: Path, passphrase: bytes | None = None) -> AuthorKey:
        """Read a key file, and ``<name>.crt`` (PEM or DER) beside it if there is one.

        Raises:
            InputError: key_missing, key_readable_by_others, key_malformed, key_passphrase,
                certificate_foreign.
            VerificationError: certificate_….
        """
        data = read_secret(path)
        try:
            key = serialization.load_pem_private_key(data, passphrase)
        except TypeError as error:
            # The parser's way to say that a passphrase is missing, or given for a plain file.
            raise InputError("key_passphrase", f"{path}: {error}") from error
        except (ValueError, UnsupportedAlgorithm) as error:
            code = "key_passphrase" if passphrase else "key_malformed"
            raise InputError(code, f"{path} cannot be opened") from error
        if not isinstance(key, ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey):
            raise InputError("key_malformed", f"{path} holds neither a P-256 nor an Ed25519 key")
        try:
            loaded = cls(key)
        except VerificationError as error:
            raise InputError("key_malformed", f"{path}: {error.detail}") from error
        beside = path.with_suffix(".crt")
        if beside.exists():
            loaded.attach(read_certificate_file(beside))
        return loaded

    def save(self, path: Path, passphrase: bytes | None = None) -> None:
        """Write the key, encrypted under the passphrase if one is given, and its certificate.

        Raises:
            InputError: key_exists.
        """
        protection: serialization.KeySerializationEncryption = serialization.NoEncryption()
        if passphrase:
            protection = serialization.BestAvailableEncryption(passphrase)
        write_secret(
            path,
            self._private_key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, protection
            ),
        )
        if self._certificate is not None:
            write_certificate_file(path.with_suffix(".crt"), self._certificate)

    def attach(self, certificate: bytes) -> None:
        """Take the certificate (DER) that was issued for this key.

        Raises:
            InputError: certificate_foreign.
            VerificationError: certificate_….
        """
        if read_certificate(certificate).public_key != self._private_key.public_key():
            raise InputError("certificate_foreign", "the certificate is for another key")
        self._certificate = certificate
        self._kid = kid_of(certificate)

    @property
    def alg(self) -> str:
        """``ES256`` or ``Ed25519``."""
        return self._alg

    @property
    def kid(self) -> str:
        """SHA-256 of the certificate, base64url.

        Raises:
            InputError: certificate_missing.
        """
        if not self._kid:
            raise InputError("certificate_missing", "the key has no certificate yet")
        return self._kid

    @property
    def certificate(self) -> bytes:
        """The certificate, DER.

        Raises:
            InputError: certificate_missing.
        """
        if self._certificate is None:
            raise InputError("certificate_missing", "the key has no certificate yet")
        return self._certificate

    def sign(self, signing_input: bytes) -> bytes:
        """64 bytes: deterministic r‖s with low s, or Ed25519."""
        return sign_with(self._private_key, signing_input)

    def public_bytes(self) -> bytes:
        """The public key as ``refuse_known_keys`` takes it."""
        return public_bytes(self._private_key.public_key())

    def request(self, uscc: str, name: str) -> bytes:
        """A certificate request (PKCS#10, PEM) with the subject and SAN that a certificate must have."""
        builder = (
            x509.CertificateSigningRequestBuilder()
            .subject_name(subject(uscc, name))
            .add_extension(
                x509.SubjectAlternativeName([x509.UniformResourceIdentifier(ISSUER_PREFIX + uscc)]),
                critical=False,
            )
        )
        if isinstance(self._private_key, ec.EllipticCurvePrivateKey):
            signed = builder.sign(self._private_key, hashes.SHA256(), ecdsa_deterministic=True)
        else:
            signed = builder.sign(self._private_key, None)
        return signed.public_bytes(serialization.Encoding.PEM)


def subject(uscc: str, name: str, common_name: str | None = None) -> x509.Name:
    """The subject of an author's certificate."""
    attributes = [
        x509.NameAttribute(NameOID.COUNTRY_NAME, "CN"),
        x509.NameAttribute(NameOID.ORGANIZATION_NAME, name),
        x509.NameAttribute(ORGANIZATION_IDENTIFIER, uscc),
    ]
    if common_name is not None:
        attributes.append(x509.NameAttribute(NameOID.COMMON_NAME, common_name))
    return x509.Name(attributes)


def public_bytes(key: object) -> bytes:
    """A public key's plain bytes: 32 for Ed25519, an uncompressed point for a curve.

    Raises:
        InputError: key_malformed.
    """
    if isinstance(key, ed25519.Ed25519PublicKey):
        return key.public_bytes_raw()
    if isinstance(key, ec.EllipticCurvePublicKey):
        return key.public_bytes(
            serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint
        )
    raise InputError("key_malformed", "neither Ed25519 nor a curve's key")


def read_certificate_file(path: Path) -> bytes:
    """A certificate's DER from a PEM or DER file.

    Raises:
        InputError: certificate_missing, certificate_unreadable.
    """
    try:
        with path.open("rb") as file:
            data = file.read(4 * MAX_CERTIFICATE)
    except OSError as error:
        raise InputError(
            "certificate_missing", f"{path} cannot be read: {error.strerror}"
        ) from error
    if not data.startswith(b"-----BEGIN"):
        return data
    try:
        return x509.load_pem_x509_certificate(data).public_bytes(serialization.Encoding.DER)
    except ValueError as error:
        raise InputError("certificate_unreadable", f"{path} holds no certificate") from error


def write_certificate_file(path: Path, certificate: bytes) -> None:
    """Write a certificate as PEM."""
    pem = x509.load_der_x509_certificate(certificate).public_bytes(serialization.Encoding.PEM)
    write_secret(path, pem)
