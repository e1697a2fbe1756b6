"""HPKE against RFC 9180 appendix A.2.1, and against the suite in `cryptography`."""

import json
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite

from ledger.statement.hpke import public_key_of, setup_recipient, setup_sender

VECTOR = json.loads(Path("tests/data/vectors/rfc9180/a2-base.json").read_text())
INFO, ENC, PLAIN = (bytes.fromhex(VECTOR[name]) for name in ("info", "enc", "pt"))
RECIPIENT, PRIVATE, EPHEMERAL = (bytes.fromhex(VECTOR[name]) for name in ("pkRm", "skRm", "skEm"))
SUITE = Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.CHACHA20_POLY1305)


def test_the_keys_of_the_vector_belong_together():
    assert public_key_of(PRIVATE) == RECIPIENT
    assert public_key_of(EPHEMERAL) == ENC == bytes.fromhex(VECTOR["pkEm"])


@pytest.mark.parametrize("one", VECTOR["encryptions"], ids=lambda one: str(one["seq"]))
def test_every_encryption_of_the_vector(one):
    enc, sender = setup_sender(RECIPIENT, INFO, EPHEMERAL)
    aad, ciphertext = bytes.fromhex(one["aad"]), bytes.fromhex(one["ct"])
    assert enc == ENC
    assert sender.seal(one["seq"], aad, PLAIN) == ciphertext
    assert setup_recipient(ENC, PRIVATE, INFO).open(one["seq"], aad, ciphertext) == PLAIN


@pytest.mark.parametrize("seed", range(8))
def test_another_implementation_opens_what_we_seal_and_the_other_way_round(seed):
    private, ephemeral = bytes([seed + 1] * 32), bytes([seed + 101] * 32)
    public = public_key_of(private)
    enc, sender = setup_sender(public, INFO, ephemeral)
    sealed = enc + sender.seal(0, b"", PLAIN)
    assert SUITE.decrypt(sealed, X25519PrivateKey.from_private_bytes(private), INFO) == PLAIN
    theirs = SUITE.encrypt(PLAIN, X25519PublicKey.from_public_bytes(public), INFO)
    assert setup_recipient(theirs[:32], private, INFO).open(0, b"", theirs[32:]) == PLAIN
