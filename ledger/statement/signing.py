"""Signatures of authors: ES256 (RFC 7518 section 3.4) and Ed25519 (RFC 9864), fixed by the key.

A message never chooses its algorithm: the certificate's key does, and the header has to agree. ES256
signatures are r‖s with s in the lower half, because (r, n-s) would verify just as well.
"""

from __future__ import annotations

from typing import Final, Protocol, TypeAlias

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.asymmetric.utils import (
    decode_dss_signature,
    encode_dss_signature,
)

from ledger.errors import VerificationError

AuthorPublicKey: TypeAlias = ec.EllipticCurvePublicKey | ed25519.Ed25519PublicKey
AuthorPrivateKey: TypeAlias = ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey

ES256: Final = "ES256"
ED25519: Final = "Ed25519"
ALGORITHMS: Final = frozenset({ES256, ED25519})

SIGNATURE_SIZE: Final = 64
_HALF_SIZE: Final = 32
P256_ORDER: Final = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
_LARGEST_LOW_S: Final = P256_ORDER // 2

# Deterministic (RFC 6979): a simulation replays to the bit, and a weak random source leaks no key.
_ECDSA_SIGN: Final = ec.ECDSA(hashes.SHA256(), deterministic_signing=True)
_ECDSA_CHECK: Final = ec.ECDSA(hashes.SHA256())


class AuthorSigner(Protocol):
    """Holds one author's private key; the key never leaves it."""

    @property
    def alg(self) -> str:
        """``ES256`` or ``Ed25519``, fixed by the key."""

    @property
    def kid(self) -> str:
        """SHA-256 of the certificate's DER, base64url."""

    @property
    def certificate(self) -> bytes:
        """The author's certificate, DER."""

    def sign(self, signing_input: bytes) -> bytes:
        """64 bytes: r‖s with low s, or a raw Ed25519 signature."""


def algorithm_of(public_key: object) -> str:
    """The one algorithm a key may sign with.

    Raises:
        VerificationError: key_unsupported for anything but P-256 and Ed25519.
    """
    if isinstance(public_key, ed25519.Ed25519PublicKey):
        return ED25519
    if isinstance(public_key, ec.EllipticCurvePublicKey) and isinstance(
        public_key.curve, ec.SECP256R1
    ):
        return ES256
    raise VerificationError("key_unsupported", "authors sign with P-256 or Ed25519 only")


def sign_with(private_key: AuthorPrivateKey, message: bytes) -> bytes:
    """Sign deterministically; 64 bytes, low-S."""
    if isinstance(private_key, ed25519.Ed25519PrivateKey):
        return private_key.sign(message)
    r, s = decode_dss_signature(private_key.sign(message, _ECDSA_SIGN))
    return _join(r, s)


def low_s(signature: bytes) -> bytes:
    """The twin of an ES256 signature that has s in the lower half; 64 bytes in and out.

    Raises:
        VerificationError: signature_length.
    """
    r, s = _split(signature)
    return _join(r, s)


def verify_signature(
    alg: str, public_key: AuthorPublicKey, message: bytes, signature: bytes
) -> None:
    """Check a signature under the key's own algorithm.

    Raises:
        VerificationError: alg_mismatch (the header names another algorithm than the key's),
            key_unsupported, signature_length, signature_high_s, signature_invalid.
    """
    if alg != algorithm_of(public_key):
        raise VerificationError("alg_mismatch", f"the key does not sign with {alg[:20]!r}", "/alg")
    r, s = _split(signature)
    try:
        if isinstance(public_key, ed25519.Ed25519PublicKey):
            public_key.verify(signature, message)
            return
        if s > _LARGEST_LOW_S:
            raise VerificationError("signature_high_s", "s is in the upper half of the order")
        public_key.verify(encode_dss_signature(r, s), message, _ECDSA_CHECK)
    except InvalidSignature as error:
        raise VerificationError("signature_invalid", "the signature does not hold") from error


def _split(signature: bytes) -> tuple[int, int]:
    if len(signature) != SIGNATURE_SIZE:
        raise VerificationError(
            "signature_length", f"signature has {len(signature)} bytes, not {SIGNATURE_SIZE}"
        )
    return (
        int.from_bytes(signature[:_HALF_SIZE], "big"),
        int.from_bytes(signature[_HALF_SIZE:], "big"),
    )


def _join(r: int, s: int) -> bytes:
    lower = s if s <= _LARGEST_LOW_S else P256_ORDER - s
    # s ≥ n has no lower twin of 32 bytes; such bytes never were a signature.
    if lower < 0:
        raise VerificationError("signature_invalid", "s is not below the order of the curve")
    return r.to_bytes(_HALF_SIZE, "big") + lower.to_bytes(_HALF_SIZE, "big")
