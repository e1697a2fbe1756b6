"""Checkpoints and cosignatures: whose word counts for which log, and when it was given."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from ledger.errors import VerificationError
from ledger.merkle.checkpoint import (
    Checkpoint,
    format_checkpoint,
    open_checkpoint,
    parse_checkpoint,
    sign_checkpoint,
)
from ledger.merkle.cosignature import add_signature, check_cosignature, cosign
from ledger.merkle.note import (
    COSIGNATURE_KEY,
    LOG_KEY,
    Note,
    NoteSignature,
    VerifierKey,
    parse_note,
    sign_note,
)
from ledger.values import TreeHead

ORIGIN = "demo-1a2b3c4d/hebei/1"
WITNESS = "demo-1a2b3c4d/beijing/witness"


class Signer:
    def __init__(self, name: str, seed: bytes) -> None:
        self.name = name
        self.secret = Ed25519PrivateKey.from_private_bytes(seed * 32)
        self.public_key = self.secret.public_key().public_bytes_raw()

    def sign(self, message: bytes) -> bytes:
        return self.secret.sign(message)


LOG = Signer(ORIGIN, b"l")
MIRROR = Signer(WITNESS, b"w")
LOG_VERIFIER = VerifierKey(ORIGIN, LOG_KEY, LOG.public_key)
WITNESS_VERIFIER = VerifierKey(WITNESS, COSIGNATURE_KEY, MIRROR.public_key)
CHECKPOINT = Checkpoint(ORIGIN, TreeHead(1234, b"r" * 32))
BODY = format_checkpoint(CHECKPOINT)
NOTE = sign_checkpoint(CHECKPOINT, LOG)


def cosigned(*times: int) -> Note:
    note = NOTE
    for timestamp in times:
        line = cosign(BODY, WITNESS, MIRROR.public_key, MIRROR.sign, timestamp)
        note = add_signature(note, line)
    return parse_note(note)


def test_signing_again_gives_the_same_bytes() -> None:
    assert sign_checkpoint(CHECKPOINT, LOG) == NOTE
    assert open_checkpoint(NOTE, LOG_VERIFIER) == (CHECKPOINT, parse_note(NOTE))


def test_a_key_signs_for_its_own_origin_only() -> None:
    foreign = Checkpoint("demo-1a2b3c4d/hebei/2", CHECKPOINT.head)
    with pytest.raises(VerificationError, match="checkpoint_origin"):
        sign_checkpoint(foreign, LOG)
    body = format_checkpoint(foreign)
    note = body + "\n" + sign_note(body, ORIGIN, LOG.public_key, LOG.sign)
    with pytest.raises(VerificationError, match="checkpoint_origin"):
        open_checkpoint(note, LOG_VERIFIER)


@pytest.mark.parametrize(
    "body",
    [
        BODY + "extension\n",
        BODY[:-1],
        BODY + "\n",
        BODY.replace("1234", "01234"),
        BODY.replace("1234", "-1"),
        BODY.replace("1234", "1_234"),
        BODY.replace("1234", "١٢٣٤"),
        BODY.replace("1234", str(2**63)),
        BODY.replace("1234", ""),
        BODY.replace(ORIGIN, ""),
        BODY.replace("=", ""),
        BODY.replace("cnI=", "cnJy"),
        BODY.replace("\n", "\r\n"),
        "",
    ],
)
def test_texts_that_are_no_checkpoint(body: str) -> None:
    with pytest.raises(VerificationError, match="checkpoint_malformed"):
        parse_checkpoint(body)


def test_the_time_of_a_cosignature() -> None:
    assert check_cosignature(cosigned(1_772_409_600), WITNESS_VERIFIER) == 1_772_409_600
    assert check_cosignature(cosigned(900, 700, 800), WITNESS_VERIFIER) == 700


def test_a_log_signature_is_no_cosignature_nor_the_reverse() -> None:
    with pytest.raises(VerificationError, match="signature_missing"):
        check_cosignature(parse_note(NOTE), WITNESS_VERIFIER)
    with pytest.raises(VerificationError, match="key_algorithm"):
        check_cosignature(parse_note(NOTE), LOG_VERIFIER)
    own = VerifierKey(WITNESS, LOG_KEY, MIRROR.public_key)
    with pytest.raises(VerificationError, match="signature_missing"):
        open_checkpoint(
            add_signature(NOTE, cosign(BODY, WITNESS, MIRROR.public_key, MIRROR.sign, 1)), own
        )


@pytest.mark.parametrize("timestamp", [-1, 2**63])
def test_times_no_cosignature_can_have(timestamp: int) -> None:
    with pytest.raises(VerificationError, match="cosignature_time"):
        cosign(BODY, WITNESS, MIRROR.public_key, MIRROR.sign, timestamp)


@pytest.mark.parametrize(
    ("signature", "code"),
    [
        (bytes(72), "signature_invalid"),
        (b"\xff" * 72, "cosignature_time"),
        (bytes(64), "signature_malformed"),
        (bytes(73), "signature_malformed"),
    ],
)
def test_a_failing_cosignature_beside_a_good_one(signature: bytes, code: str) -> None:
    good = cosigned(700)
    line = NoteSignature(WITNESS, WITNESS_VERIFIER.key_hash, signature)
    with pytest.raises(VerificationError, match=code):
        check_cosignature(Note(good.text, (*good.signatures, line)), WITNESS_VERIFIER)


def test_another_time_does_not_hold() -> None:
    line = cosigned(700).signatures[-1]
    later = NoteSignature(line.name, line.key_hash, (701).to_bytes(8, "big") + line.signature[8:])
    with pytest.raises(VerificationError, match="signature_invalid"):
        check_cosignature(Note(BODY, (later,)), WITNESS_VERIFIER)


def test_only_checkpoints_are_cosigned() -> None:
    with pytest.raises(VerificationError, match="checkpoint_malformed"):
        cosign("any text\n", WITNESS, MIRROR.public_key, MIRROR.sign, 1)
