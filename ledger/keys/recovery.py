"""A region's recovery key: X25519, kept offline; opens what the mirrors keep sealed for the region."""

from __future__ import annotations

from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from ledger.errors import InputError
from ledger.keys.files import read_secret, write_secret


class RecoveryKey:
    """A private key of 32 bytes in a PKCS#8 PEM file; only its public part ever goes to a node."""

    def __init__(self, private: bytes) -> None:
        self.private = private
        self._key = X25519PrivateKey.from_private_bytes(private)

    @classmethod
    def make(cls) -> RecoveryKey:
        """A new random key."""
        return cls(X25519PrivateKey.generate().private_bytes_raw())

    @classmethod
    def load(cls, path: Path) -> RecoveryKey:
        """Read a key file.

        Raises:
            InputError: key_missing, key_readable_by_others, key_malformed.
        """
        data = read_secret(path)
        try:
            key = serialization.load_pem_private_key(data, None)
        except (ValueError, TypeError) as error:
            raise InputError("key_malformed", f"{path} is no PEM file of a plain key") from error
        if not isinstance(key, X25519PrivateKey):
            raise InputError("key_malformed", f"{path} is not an X25519 key")
        return cls(key.private_bytes_raw())

    def save(self, path: Path) -> None:
        """Write the key file, mode 0600.

        Raises:
            InputError: key_exists.
        """
        write_secret(
            path,
            self._key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            ),
        )

    @property
    def public_key(self) -> bytes:
        """32 bytes, raw X25519."""
        return self._key.public_key().public_bytes_raw()
