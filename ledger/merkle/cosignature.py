"""Cosignatures: a witness signs a checkpoint together with a time (C2SP tlog-cosignature v1)."""

from __future__ import annotations

from collections.abc import Callable

from ledger.errors import VerificationError
from ledger.merkle.checkpoint import parse_checkpoint
from ledger.merkle.note import (
    COSIGNATURE_KEY,
    Note,
    NoteSignature,
    VerifierKey,
    add_signature,
    format_signature,
    signatures_of,
)

__all__ = ["add_signature", "check_cosignature", "cosign"]

_TIME_SIZE = 8
_SIZE = _TIME_SIZE + 64
_MAX_TIME = 2**63 - 1


def cosign(
    body: str, name: str, public_key: bytes, sign: Callable[[bytes], bytes], timestamp: int
) -> str:
    """Signature line, with its line feed, of a witness over a checkpoint's text at a time.

    ``timestamp`` is in seconds since 1970; ``sign`` answers 64 raw bytes.

    Raises VerificationError(checkpoint_malformed, cosignature_time, key_name_malformed,
    key_malformed).
    """
    parse_checkpoint(body)
    key = VerifierKey(name, COSIGNATURE_KEY, public_key)
    _check_time(timestamp)
    signature = timestamp.to_bytes(_TIME_SIZE, "big") + sign(_message(body, timestamp))
    return format_signature(NoteSignature(name, key.key_hash, signature))


def check_cosignature(note: Note, key: VerifierKey) -> int:
    """Check that the witness cosigned the note's text; answers when, in seconds since 1970.

    Lines of other keys are ignored; every line of this key must hold. Where a witness signed more
    than once, its earliest time counts: a later one takes nothing back.

    Raises VerificationError(key_algorithm, signature_missing, signature_malformed,
    cosignature_time, signature_invalid).
    """
    if key.algorithm != COSIGNATURE_KEY:
        raise VerificationError("key_algorithm", f"{key.name!r} is no cosigner's key")
    return min(_check_one(note.text, signed, key) for signed in signatures_of(note, key))


def _check_one(body: str, signed: bytes, key: VerifierKey) -> int:
    if len(signed) != _SIZE:
        raise VerificationError(
            "signature_malformed", f"a cosignature of {len(signed)} bytes, not {_SIZE}"
        )
    timestamp = int.from_bytes(signed[:_TIME_SIZE], "big")
    _check_time(timestamp)
    if not key.verifies(_message(body, timestamp), signed[_TIME_SIZE:]):
        raise VerificationError("signature_invalid", f"the cosignature by {key.name!r} fails")
    return timestamp


def _message(body: str, timestamp: int) -> bytes:
    return f"cosignature/v1\ntime {timestamp}\n{body}".encode()


def _check_time(timestamp: int) -> None:
    if not 0 <= timestamp <= _MAX_TIME:
        raise VerificationError("cosignature_time", f"time {timestamp} is out of range")
