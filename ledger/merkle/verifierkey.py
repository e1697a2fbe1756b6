"""Verifier keys of signed notes (C2SP signed-note, "vkey"): Ed25519 for logs and for cosigners."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from ledger.errors import VerificationError
from ledger.merkle import base64

LOG_KEY = 0x01
"""Signature type byte: Ed25519 over the note's text."""
COSIGNATURE_KEY = 0x04
"""Signature type byte: Ed25519 cosignature with its time (C2SP tlog-cosignature v1)."""
KEY_HASH_SIZE = 4

_KEY_SIZE = 32
_TEXT = re.compile(r"([^+]*)\+([0-9a-f]{8})\+([A-Za-z0-9+/=]+)")
_NOT_PLAIN = re.compile("[\\x00-\\x1f\\ud800-\\udfff]")
_NAME = re.compile("[^+\\s\\x00-\\x1f\\ud800-\\udfff]+")
_PRIME = 2**255 - 19
_ORDER_8_Y = 0x7A03AC9277FDC74EC6CC392CFA53202A0F67100D760B3CBA4FD84D3D706A17C7
# y coordinates of the points whose order divides 8: a signature under such a key holds for many
# messages at once, and cryptography accepts some of them.
_SMALL_ORDER_Y = frozenset({0, 1, _PRIME - 1, _ORDER_8_Y, _PRIME - _ORDER_8_Y})


@dataclass(frozen=True, slots=True)
class VerifierKey:
    """A named Ed25519 public key together with what its signatures are made over.

    ``algorithm`` is LOG_KEY or COSIGNATURE_KEY, ``public_key`` 32 raw bytes. A key that cannot be
    safe (small order, not in canonical form) is refused at birth.

    Raises VerificationError(key_name_malformed, key_algorithm, key_malformed).
    """

    name: str
    algorithm: int
    public_key: bytes

    def __post_init__(self) -> None:
        """Refuse what no log or cosigner may be trusted under."""
        check_key_name(self.name)
        if self.algorithm not in (LOG_KEY, COSIGNATURE_KEY):
            raise VerificationError("key_algorithm", f"signature type {self.algorithm} is unknown")
        _check_public_key(self.public_key)

    @classmethod
    def parse(cls, vkey: str) -> VerifierKey:
        """Read ``<name>+<hex key hash>+<base64(type byte, public key)>``; the hash must fit.

        Raises VerificationError(key_malformed, key_name_malformed, key_algorithm, key_hash,
        base64_malformed).
        """
        match = _TEXT.fullmatch(vkey)
        if match is None:
            raise VerificationError("key_malformed", "not a verifier key")
        material = base64.decode(match[3])
        key = cls(match[1], material[0], material[1:])
        if key.key_hash.hex() != match[2]:
            raise VerificationError("key_hash", f"the key of {key.name!r} has another hash")
        return key

    def text(self) -> str:
        """The key as ``parse`` reads it."""
        material = base64.encode(bytes([self.algorithm]) + self.public_key)
        return f"{self.name}+{self.key_hash.hex()}+{material}"

    @property
    def key_hash(self) -> bytes:
        """First 4 bytes of SHA-256 over name, line feed, type byte and public key."""
        prefix = self.name.encode() + b"\n" + bytes([self.algorithm])
        return hashlib.sha256(prefix + self.public_key).digest()[:KEY_HASH_SIZE]

    def verifies(self, message: bytes, signature: bytes) -> bool:
        """Whether this is a raw Ed25519 signature (RFC 8032) over message by this key."""
        try:
            Ed25519PublicKey.from_public_bytes(self.public_key).verify(signature, message)
        except InvalidSignature:
            return False
        return True


def check_key_name(name: str) -> None:
    """Refuse a name that could not stand in a signature line (C2SP signed-note).

    Raises VerificationError(key_name_malformed).
    """
    if not _NAME.fullmatch(name):
        raise VerificationError("key_name_malformed", f"{name!r} is no key name")


def is_plain_text(text: str) -> bool:
    """Whether text holds no ASCII control characters and can be written as UTF-8."""
    return not _NOT_PLAIN.search(text)


def _check_public_key(public_key: bytes) -> None:
    if len(public_key) != _KEY_SIZE:
        raise VerificationError("key_malformed", f"a key of {len(public_key)} bytes, not 32")
    # The top bit is the sign of x; a y of the prime or more is a second spelling of a smaller one.
    y = int.from_bytes(public_key, "little") & (1 << 255) - 1
    if y >= _PRIME or y in _SMALL_ORDER_Y:
        raise VerificationError("key_malformed", "the key is of small order or not canonical")
