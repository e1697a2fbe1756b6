"""Hybrid public key encryption (RFC 9180), base mode: DHKEM(X25519), HKDF-SHA256, ChaCha20Poly1305.

``cryptography`` has this suite too, but draws the ephemeral key itself and makes a context for every
message. Here the caller hands in the ephemeral key, so that a simulation replays, and one context serves
a batch.
"""

from __future__ import annotations

import hashlib
import hmac
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

from ledger.errors import VerificationError

KEY_SIZE: Final = 32
"""Bytes of a private key, a public key and an encapsulated key."""

_VERSION: Final = b"HPKE-v1"
_KEM: Final = b"KEM\x00\x20"
_SUITE: Final = b"HPKE\x00\x20\x00\x01\x00\x03"
_BASE: Final = b"\x00"
_NONCE_SIZE: Final = 12
MAX_SEQ: Final = 2**63 - 1
"""Far below HPKE's own limit of 2^96 messages for one context."""


class Context:
    """Key and base nonce that sender and recipient share (RFC 9180 section 5.1)."""

    def __init__(self, shared_secret: bytes, info: bytes) -> None:
        schedule = _BASE + _extract(_SUITE, b"", b"psk_id_hash", b"")
        schedule += _extract(_SUITE, b"", b"info_hash", info)
        secret = _extract(_SUITE, shared_secret, b"secret", b"")
        self._aead = ChaCha20Poly1305(_expand(_SUITE, secret, b"key", schedule, KEY_SIZE))
        self._base_nonce = _expand(_SUITE, secret, b"base_nonce", schedule, _NONCE_SIZE)

    def seal(self, seq: int, aad: bytes, plaintext: bytes) -> bytes:
        """Encrypt the message of that number; the caller never uses a number twice."""
        return self._aead.encrypt(self._nonce(seq), plaintext, aad)

    def open(self, seq: int, aad: bytes, ciphertext: bytes) -> bytes:
        """Decrypt the message of that number; raises VerificationError(sealed_unopened)."""
        try:
            return self._aead.decrypt(self._nonce(seq), ciphertext, aad)
        except InvalidTag as error:
            raise VerificationError(
                "sealed_unopened", "sealed to another key, or changed since"
            ) from error

    def _nonce(self, seq: int) -> bytes:
        if not 0 <= seq <= MAX_SEQ:
            raise VerificationError("sealed_malformed", f"no message has number {seq}", "/seq")
        counter = int.from_bytes(self._base_nonce, "big") ^ seq
        return counter.to_bytes(_NONCE_SIZE, "big")


def setup_sender(recipient: bytes, info: bytes, ephemeral: bytes) -> tuple[bytes, Context]:
    """Encapsulated key and context for a recipient's public key; ``ephemeral`` is 32 fresh random bytes.

    Raises:
        VerificationError: sealed_key, if one of them is no key.
    """
    mine = _private(ephemeral)
    enc = mine.public_key().public_bytes_raw()
    return enc, Context(_shared(_exchange(mine, recipient), enc + recipient), info)


def setup_recipient(enc: bytes, private: bytes, info: bytes) -> Context:
    """Context for an encapsulated key and the recipient's private key.

    Raises:
        VerificationError: sealed_key.
    """
    mine = _private(private)
    public = mine.public_key().public_bytes_raw()
    return Context(_shared(_exchange(mine, enc), enc + public), info)


def public_key_of(private: bytes) -> bytes:
    """The public key (32 bytes); raises VerificationError(sealed_key)."""
    return _private(private).public_key().public_bytes_raw()


def _private(key: bytes) -> X25519PrivateKey:
    try:
        return X25519PrivateKey.from_private_bytes(key)
    except ValueError as error:
        raise VerificationError("sealed_key", f"a key has {KEY_SIZE} bytes") from error


def _exchange(mine: X25519PrivateKey, theirs: bytes) -> bytes:
    try:
        return mine.exchange(X25519PublicKey.from_public_bytes(theirs))
    except ValueError as error:
        # Also a point of small order, whose shared secret anyone knows (RFC 9180 section 7.1.4).
        raise VerificationError("sealed_key", "not a public key of X25519") from error


def _shared(secret: bytes, context: bytes) -> bytes:
    return _expand(_KEM, _extract(_KEM, b"", b"eae_prk", secret), b"shared_secret", context, 32)


def _extract(suite: bytes, salt: bytes, label: bytes, key: bytes) -> bytes:
    return hmac.digest(salt, _VERSION + suite + label + key, hashlib.sha256)


def _expand(suite: bytes, key: bytes, label: bytes, info: bytes, size: int) -> bytes:
    # Nothing here is longer than one block of HKDF-Expand (RFC 5869 section 2.3).
    labelled = size.to_bytes(2, "big") + _VERSION + suite + label + info
    return hmac.digest(key, labelled + b"\x01", hashlib.sha256)[:size]
