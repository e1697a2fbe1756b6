"""The policy text that other C2SP verifiers read."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from ledger.errors import VerificationError
from ledger.merkle.note import COSIGNATURE_KEY, LOG_KEY, VerifierKey
from ledger.merkle.policy import tlog_policy


def vkey(name: str, algorithm: int, seed: int) -> str:
    secret = Ed25519PrivateKey.from_private_bytes(bytes([seed]) * 32)
    return VerifierKey(name, algorithm, secret.public_key().public_bytes_raw()).text()


LOG = vkey("demo/beijing/1", LOG_KEY, 1)
ONE = vkey("demo/tianjin/witness", COSIGNATURE_KEY, 2)
TWO = vkey("demo/hebei/witness", COSIGNATURE_KEY, 3)


def test_two_of_two() -> None:
    assert tlog_policy(LOG, [ONE, TWO], 2) == (
        f"log {LOG}\n"
        f"witness demo/tianjin/witness {ONE}\n"
        f"witness demo/hebei/witness {TWO}\n"
        "group witnesses 2 demo/tianjin/witness demo/hebei/witness\n"
        "quorum witnesses\n"
    )


def test_no_quorum() -> None:
    assert tlog_policy(LOG, [], 0) == f"log {LOG}\nquorum none\n"


@pytest.mark.parametrize(
    ("log", "witnesses", "quorum", "code"),
    [
        (ONE, [TWO], 1, "policy_keys"),
        (LOG, [vkey("demo/tianjin/witness", LOG_KEY, 2)], 1, "policy_keys"),
        (LOG, [ONE, ONE], 1, "policy_keys"),
        (LOG, [ONE, vkey("another", COSIGNATURE_KEY, 2)], 1, "policy_keys"),
        (LOG, [ONE, vkey("demo/tianjin/witness", COSIGNATURE_KEY, 4)], 1, "policy_keys"),
        (LOG, [vkey("none", COSIGNATURE_KEY, 2)], 1, "policy_keys"),
        (LOG, [vkey("witnesses", COSIGNATURE_KEY, 2)], 1, "policy_keys"),
        (LOG, [ONE, TWO], 3, "policy_quorum"),
        (LOG, [ONE, TWO], -1, "policy_quorum"),
        ("nonsense", [], 0, "key_malformed"),
    ],
)
def test_policies_that_would_count_wrongly(
    log: str, witnesses: list[str], quorum: int, code: str
) -> None:
    with pytest.raises(VerificationError, match=code):
        tlog_policy(log, witnesses, quorum)
