"""Signed notes: a text and the signatures under it (C2SP signed-note)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache

from ledger.errors import VerificationError
from ledger.merkle import base64
from ledger.merkle.verifierkey import (
    COSIGNATURE_KEY,
    KEY_HASH_SIZE,
    LOG_KEY,
    VerifierKey,
    check_key_name,
    is_plain_text,
)

__all__ = [
    "COSIGNATURE_KEY",
    "LOG_KEY",
    "Note",
    "NoteSignature",
    "VerifierKey",
    "add_signature",
    "check_signature",
    "format_note",
    "format_signature",
    "parse_note",
    "sign_note",
    "signatures_of",
]

_MARK = "— "
_MAX_NOTE = 512 * 1024
# The specification demands at least 16; a bound keeps a note from costing a thousand checks.
_MAX_SIGNATURES = 64


@dataclass(frozen=True, slots=True)
class NoteSignature:
    """One signature line: key name, 4-byte key hash, and what its algorithm made of the text.

    Raises VerificationError(key_name_malformed, signature_malformed).
    """

    name: str
    key_hash: bytes
    signature: bytes

    def __post_init__(self) -> None:
        """Refuse what no signature line can carry."""
        check_key_name(self.name)
        if len(self.key_hash) != KEY_HASH_SIZE or not self.signature:
            raise VerificationError("signature_malformed", f"no signature by {self.name!r}")


@dataclass(frozen=True, slots=True)
class Note:
    """A text, which ends in a line feed, and at least one signature; nothing in it is checked yet.

    Raises VerificationError(note_malformed).
    """

    text: str
    signatures: tuple[NoteSignature, ...]

    def __post_init__(self) -> None:
        """Refuse what could not be written and read back as the same note."""
        _check_text(self.text)
        if not self.text.endswith("\n") or not 1 <= len(self.signatures) <= _MAX_SIGNATURES:
            raise VerificationError(
                "note_malformed", "a note is lines of text and 1 to 64 signatures"
            )


# All receipts of a group commit, and most records of a bundle, stand under one and the same note.
@lru_cache(maxsize=64)
def parse_note(text: str) -> Note:
    """Read a signed note; format_note gives back exactly the same text. Checks no signature.

    Raises VerificationError(note_malformed, signature_malformed, key_name_malformed,
    base64_malformed).
    """
    _check_text(text)
    # The last empty line separates: the text itself may hold empty lines.
    body, separator, lines = text.rpartition("\n\n")
    if not separator or not lines.endswith("\n"):
        raise VerificationError("note_malformed", "no signatures follow the text of the note")
    signed = lines[:-1].split("\n")
    if len(signed) > _MAX_SIGNATURES:
        raise VerificationError("note_malformed", f"more than {_MAX_SIGNATURES} signatures")
    return Note(body + "\n", tuple(_parse_signature(line) for line in signed))


def format_note(note: Note) -> str:
    """The note as text."""
    return note.text + "\n" + "".join(format_signature(line) for line in note.signatures)


def format_signature(signature: NoteSignature) -> str:
    """One signature line, with its line feed."""
    value = base64.encode(signature.key_hash + signature.signature)
    return f"{_MARK}{signature.name} {value}\n"


def sign_note(text: str, name: str, public_key: bytes, sign: Callable[[bytes], bytes]) -> str:
    """Signature line, with its line feed, of an Ed25519 key (type 0x01) over a note's text.

    ``sign`` answers 64 raw bytes. Raises VerificationError(note_malformed, key_name_malformed,
    key_malformed).
    """
    key = VerifierKey(name, LOG_KEY, public_key)
    _check_text(text)
    signature = NoteSignature(name, key.key_hash, sign(text.encode()))
    Note(text, (signature,))
    return format_signature(signature)


def add_signature(note_text: str, line: str) -> str:
    """The note with one more signature line; unchanged if it has just this line already.

    ``line`` may lack its line feed. Raises VerificationError as parse_note does.
    """
    note = parse_note(note_text)
    signature = _parse_signature(line.removesuffix("\n"))
    if signature in note.signatures:
        return note_text
    return format_note(Note(note.text, (*note.signatures, signature)))


def check_signature(note: Note, key: VerifierKey) -> None:
    """Check that the key signed the note's text (signature type 0x01).

    Lines of other keys are ignored. Every line of this key must hold: a line that fails under a
    known key refuses the whole note, as signed-note says, even beside one that holds.

    Raises VerificationError(key_algorithm, signature_missing, signature_invalid).
    """
    if key.algorithm != LOG_KEY:
        raise VerificationError("key_algorithm", f"{key.name!r} does not sign notes of its own")
    message = note.text.encode()
    for signature in signatures_of(note, key):
        if not key.verifies(message, signature):
            raise VerificationError("signature_invalid", f"the signature by {key.name!r} fails")


def signatures_of(note: Note, key: VerifierKey) -> Iterator[bytes]:
    """Signatures on lines of this key (name and key hash), each different one once.

    Raises VerificationError(signature_missing) if there are none.
    """
    key_hash = key.key_hash
    found = dict.fromkeys(
        line.signature
        for line in note.signatures
        if line.name == key.name and line.key_hash == key_hash
    )
    if not found:
        raise VerificationError("signature_missing", f"no signature by {key.name!r}")
    return iter(found)


def _parse_signature(line: str) -> NoteSignature:
    parts = line.removeprefix(_MARK).split(" ")
    if not line.startswith(_MARK) or len(parts) != 2:
        raise VerificationError("signature_malformed", "not a signature line")
    data = base64.decode(parts[1])
    return NoteSignature(parts[0], data[:KEY_HASH_SIZE], data[KEY_HASH_SIZE:])


def _check_text(text: str) -> None:
    """Refuse text that is too long or holds control characters other than line feed."""
    if len(text) > _MAX_NOTE:
        raise VerificationError("note_malformed", f"more than {_MAX_NOTE} characters")
    if not is_plain_text(text.replace("\n", "")):
        raise VerificationError("note_malformed", "the note holds a control character")
