"""Making keys, showing their public part, and putting a key under the name its network got."""

from __future__ import annotations

import binascii
from pathlib import Path
from typing import Any

from ledger.errors import InputError
from ledger.keys.account import make_account_key, read_account_key, write_account_key
from ledger.keys.files import read_secret
from ledger.keys.log import LogKey
from ledger.keys.recovery import RecoveryKey
from ledger.merkle.note import COSIGNATURE_KEY, LOG_KEY, VerifierKey

_FIELDS = 5
WITNESS = "/witness"


def make_note_key(name: str, path: Path) -> dict[str, Any]:
    """Make a key of a log, witness or peer under its C2SP key name; gives the public part.

    Raises InputError(key_exists, key_name).
    """
    key = LogKey.make(name)
    key.save(path)
    return public_part(key)


def make_account(path: Path) -> dict[str, Any]:
    """Make an account of the chain; gives its address. Raises InputError(key_exists)."""
    key = make_account_key()
    write_account_key(path, key)
    return account_part(key)


def make_recovery(path: Path) -> dict[str, Any]:
    """Make a region's recovery key; gives its public part. Raises InputError(key_exists)."""
    key = RecoveryKey.make()
    key.save(path)
    return {"recovery": key.public_key.hex()}


def public_part(key: LogKey) -> dict[str, Any]:
    """Name and C2SP verifier key; a witness key is of the cosignature kind."""
    return {"name": key.name, "vkey": verifier_key(key).text()}


def verifier_key(key: LogKey) -> VerifierKey:
    """The public key as checkpoints and cosignatures name it."""
    algorithm = COSIGNATURE_KEY if key.name.endswith(WITNESS) else LOG_KEY
    return VerifierKey(key.name, algorithm, key.public_key)


def account_part(key: bytes) -> dict[str, Any]:
    """The address of an account key."""
    from ledger.chain.accounts import address_of

    return {"address": address_of(key).hex()}


def open_or_make_note_key(name: str, path: Path) -> LogKey:
    """The key of the file, or a new one; a key of that use made under another network's name counts.

    Raises InputError(key_name), where the file is the key of something else.
    """
    if not path.exists():
        make_note_key(name, path)
    key = LogKey.load(path)
    if _use(key.name) != _use(name):
        raise InputError("key_name", f"{path} is the key of {key.name}, not of {_use(name)}")
    return key


def open_or_make_account(path: Path) -> bytes:
    """The account key of the file, or a new one; 32 bytes."""
    if not path.exists():
        make_account(path)
    return read_account_key(path)


def open_or_make_recovery(path: Path) -> RecoveryKey:
    """The recovery key of the file, or a new one."""
    if not path.exists():
        make_recovery(path)
    return RecoveryKey.load(path)


def rename_key(path: Path, name: str) -> LogKey:
    """Put a key file under another name, the key itself unchanged, in one step.

    A key's name holds the network's, which is known only when the contracts that were deployed with the
    key stand.
    """
    key = LogKey.load(path)
    if key.name == name:
        return key
    renamed = LogKey(name, _seed(path))
    fresh = path.with_name(f"{path.name}.new")
    fresh.unlink(missing_ok=True)
    renamed.save(fresh)
    fresh.replace(path)
    return renamed


def _use(name: str) -> str:
    """What follows the network in a key name: ``beijing/witness``."""
    return name.partition("/")[2]


def _seed(path: Path) -> bytes:
    # A signed-note private key: PRIVATE+KEY+<name>+<hash>+<base64 of the algorithm and the seed>.
    encoded = read_secret(path).decode("ascii").strip().split("+", _FIELDS - 1)[-1]
    return binascii.a2b_base64(encoded)[1:]
