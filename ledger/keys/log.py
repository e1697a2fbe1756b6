"""Keys of logs, witnesses and peers: Ed25519 under a C2SP key name, kept as a signed-note private key."""

from __future__ import annotations

import binascii
import hashlib
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.asymmetric import ed25519

from ledger.errors import InputError
from ledger.keys.files import read_secret, write_secret

_PREFIX: Final = "PRIVATE+KEY"
_ED25519: Final = b"\x01"
_SEED_SIZE: Final = 32
_FORBIDDEN: Final = frozenset("+ \t\r\n")


class LogKey:
    """Signs checkpoints, cosignatures or read tokens (ledger.ports.Signer); the key never leaves it."""

    def __init__(self, name: str, seed: bytes) -> None:
        if not name or _FORBIDDEN.intersection(name) or not name.isascii():
            raise InputError("key_name", f"{name!r} is not a key name")
        if len(seed) != _SEED_SIZE:
            raise InputError("key_malformed", f"seed has {len(seed)} bytes, not {_SEED_SIZE}")
        self._name = name
        self._seed = seed
        self._key = ed25519.Ed25519PrivateKey.from_private_bytes(seed)
        self._public = self._key.public_key().public_bytes_raw()

    @classmethod
    def make(cls, name: str) -> LogKey:
        """A new random key."""
        return cls(name, ed25519.Ed25519PrivateKey.generate().private_bytes_raw())

    @classmethod
    def load(cls, path: Path) -> LogKey:
        """Read a key file.

        Raises:
            InputError: key_missing, key_readable_by_others, key_malformed.
        """
        try:
            line = read_secret(path).decode("ascii").removesuffix("\n")
            prefix_a, prefix_b, name, key_hash, encoded = line.split("+", 4)
            data = binascii.a2b_base64(encoded, strict_mode=True)
        except ValueError as error:
            raise InputError("key_malformed", f"{path} is not a signed-note private key") from error
        if f"{prefix_a}+{prefix_b}" != _PREFIX or data[:1] != _ED25519:
            raise InputError("key_malformed", f"{path} is not an Ed25519 signed-note key")
        key = cls(name, data[1:])
        if key_hash != key._key_hash():
            raise InputError("key_malformed", f"{path}: name or key was changed")
        return key

    def save(self, path: Path) -> None:
        """Write the key file, mode 0600.

        Raises:
            InputError: key_exists.
        """
        encoded = binascii.b2a_base64(_ED25519 + self._seed, newline=False).decode("ascii")
        write_secret(path, f"{_PREFIX}+{self._name}+{self._key_hash()}+{encoded}\n".encode())

    @property
    def name(self) -> str:
        """C2SP key name."""
        return self._name

    @property
    def public_key(self) -> bytes:
        """32 bytes, raw Ed25519."""
        return self._public

    def sign(self, message: bytes) -> bytes:
        """64 bytes, raw Ed25519 over message."""
        return self._key.sign(message)

    def _key_hash(self) -> str:
        named = self._name.encode() + b"\n" + _ED25519 + self._public
        return hashlib.sha256(named).digest()[:4].hex()
