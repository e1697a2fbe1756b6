"""Files of anchor accounts: a secp256k1 private key as 64 hex digits; signing stays in ledger.chain."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.asymmetric import ec

from ledger.errors import InputError
from ledger.keys.files import read_secret, write_secret

SECP256K1_ORDER: Final = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
_KEY_SIZE: Final = 32
_HEX = re.compile(rb"(?:0x)?([0-9a-fA-F]{64})\s*")


def make_account_key() -> bytes:
    """A new random account key, 32 bytes."""
    number = ec.generate_private_key(ec.SECP256K1()).private_numbers().private_value
    return number.to_bytes(_KEY_SIZE, "big")


def read_account_key(path: Path) -> bytes:
    """The 32 bytes of an account key.

    Raises:
        InputError: key_missing, key_readable_by_others, key_malformed.
    """
    found = _HEX.fullmatch(read_secret(path))
    key = bytes.fromhex(found[1].decode("ascii")) if found else b""
    return _checked(key)


def write_account_key(path: Path, key: bytes) -> None:
    """Write an account key, mode 0600.

    Raises:
        InputError: key_exists, key_malformed.
    """
    write_secret(path, _checked(key).hex().encode("ascii") + b"\n")


def _checked(key: bytes) -> bytes:
    if len(key) != _KEY_SIZE or not 0 < int.from_bytes(key, "big") < SECP256K1_ORDER:
        raise InputError("key_malformed", "not a secp256k1 private key of 32 bytes")
    return key
