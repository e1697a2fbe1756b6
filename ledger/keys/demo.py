"""Stable keys for demos and tests, derived from public labels (HKDF, RFC 5869).

Anyone can compute them, so they protect nothing; that is why ``refuse_known_keys`` keeps them out of any
network whose name does not begin with ``demo``. Stable, because a demo that is run again must be able to
go on with the logs and records of the last run.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from ledger.keys.account import SECP256K1_ORDER
from ledger.keys.author import AuthorKey
from ledger.keys.authority import Authority
from ledger.keys.log import LogKey
from ledger.keys.recovery import RecoveryKey
from ledger.statement.signing import ES256, P256_ORDER, AuthorPrivateKey

DEMO_CA_NAME: Final = "DEMO Jing-Jin-Ji Root CA (publicly known key)"
_SALT: Final = b"customs-ledger demo keys v1: public, protects nothing"


class DemoCA(Authority):
    """The authority of every demo network, or, under another label, one that no demo trusts."""

    def __init__(self, label: str = "root") -> None:
        name = DEMO_CA_NAME if label == "root" else f"{DEMO_CA_NAME} {label}"
        super().__init__(_p256(f"ca/{label}"), name)


@lru_cache(maxsize=8)
def demo_ca(label: str = "root") -> DemoCA:
    """The demo's authority; the same bytes each time."""
    return DemoCA(label)


@lru_cache(maxsize=256)
def demo_author(party: str, uscc: str, name: str, alg: str = ES256) -> AuthorKey:
    """The signing key of a demo party, certified by the demo's authority.

    ``party`` is a label such as ``importer_bj``; parties of one firm under different labels have
    different keys.
    """
    label = f"author/{party}/{uscc}/{alg}"
    key: AuthorPrivateKey = _p256(label) if alg == ES256 else _ed25519(label)
    return AuthorKey(key, demo_ca().issue(key.public_key(), uscc, name, common_name=party))


def demo_log_key(name: str) -> LogKey:
    """The Ed25519 key of a demo log, witness or peer.

    Derived from what follows the network in the name (``beijing/1``, ``beijing/witness``): the network's
    name is known only after the contracts are deployed, and they are deployed with these keys.
    """
    return LogKey(name, _derive(f"log/{name.partition('/')[2]}", 32))


def demo_recovery_key(region: str) -> RecoveryKey:
    """The recovery key of a demo region."""
    return RecoveryKey(_derive(f"recovery/{region}", 32))


def demo_account(label: str) -> bytes:
    """The secp256k1 private key of a demo account, such as ``beijing/anchor``; 32 bytes."""
    return (_number(f"account/{label}", SECP256K1_ORDER)).to_bytes(32, "big")


def _p256(label: str) -> ec.EllipticCurvePrivateKey:
    return ec.derive_private_key(_number(label, P256_ORDER), ec.SECP256R1())


def _ed25519(label: str) -> ed25519.Ed25519PrivateKey:
    return ed25519.Ed25519PrivateKey.from_private_bytes(_derive(label, 32))


def _number(label: str, order: int) -> int:
    # 16 bytes more than the order has, so that the remainder is as good as even (FIPS 186-5 A.2.1).
    return int.from_bytes(_derive(label, 48), "big") % (order - 1) + 1


def _derive(label: str, size: int) -> bytes:
    return HKDF(hashes.SHA256(), size, _SALT, label.encode()).derive(b"public")
