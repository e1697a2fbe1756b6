"""Checkpoints: the head of a log as the text of a signed note (C2SP tlog-checkpoint)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Protocol

from ledger.errors import InputError, VerificationError
from ledger.merkle import base64
from ledger.merkle.note import Note, VerifierKey, check_signature, parse_note, sign_note
from ledger.merkle.verifierkey import is_plain_text
from ledger.values import TreeHead

_DECIMAL = re.compile(r"0|[1-9][0-9]{0,18}")


class NoteSigner(Protocol):
    """Who signs checkpoints: one Ed25519 key under its C2SP key name."""

    @property
    def name(self) -> str:
        """C2SP key name."""

    @property
    def public_key(self) -> bytes:
        """32 bytes, raw Ed25519."""

    def sign(self, message: bytes) -> bytes:
        """64 bytes, raw Ed25519 over message."""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The head of the log of that origin; our checkpoints never carry more (DESIGN D3).

    Raises VerificationError(checkpoint_malformed) for an origin that is not one non-empty line.
    """

    origin: str
    head: TreeHead

    def __post_init__(self) -> None:
        """Refuse an origin that would read back as something else."""
        if not self.origin or not is_plain_text(self.origin):
            raise VerificationError("checkpoint_malformed", "the origin is not one line of text")


def format_checkpoint(checkpoint: Checkpoint) -> str:
    """Three lines: origin, size, root in base64."""
    head = checkpoint.head
    return f"{checkpoint.origin}\n{head.size}\n{base64.encode(head.root)}\n"


def parse_checkpoint(text: str) -> Checkpoint:
    """Read a note's text as a checkpoint; extension lines are refused, since nobody audits them.

    Raises VerificationError(checkpoint_malformed).
    """
    lines = text.split("\n")
    if len(lines) != 4 or lines[3] or not _DECIMAL.fullmatch(lines[1]):
        raise VerificationError("checkpoint_malformed", "not the three lines of a checkpoint")
    try:
        return Checkpoint(lines[0], TreeHead(int(lines[1]), base64.decode(lines[2])))
    except (InputError, VerificationError) as error:
        raise VerificationError("checkpoint_malformed", error.detail) from error


def sign_checkpoint(checkpoint: Checkpoint, signer: NoteSigner) -> str:
    """The checkpoint as a note signed by the log; the same bytes each time, Ed25519 being so.

    Raises VerificationError(checkpoint_origin) unless the signer's name is the origin.
    """
    _check_origin(checkpoint, signer.name)
    body = format_checkpoint(checkpoint)
    return body + "\n" + sign_note(body, signer.name, signer.public_key, signer.sign)


def open_checkpoint(note_text: str, log_key: VerifierKey) -> tuple[Checkpoint, Note]:
    """Read a note and check that it is a checkpoint of the log, signed by the log's key.

    Cosignatures are left to check_cosignature. Raises VerificationError(checkpoint_origin,
    checkpoint_malformed) and as parse_note and check_signature do.
    """
    note = parse_note(note_text)
    check_signature(note, log_key)
    checkpoint = parse_checkpoint(note.text)
    _check_origin(checkpoint, log_key.name)
    return checkpoint, note


def _check_origin(checkpoint: Checkpoint, key_name: str) -> None:
    """A log's key name is its origin, so that a key can never speak for another log (DESIGN D2)."""
    if checkpoint.origin != key_name:
        raise VerificationError(
            "checkpoint_origin", f"{key_name!r} signed for the origin {checkpoint.origin!r}"
        )
