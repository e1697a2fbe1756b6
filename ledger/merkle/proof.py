"""Proof files: an inclusion proof and the checkpoint it leads to, in one text (C2SP tlog-proof)."""

from __future__ import annotations

import re
from dataclasses import dataclass

from ledger.errors import VerificationError
from ledger.merkle import base64
from ledger.merkle.hashing import check_lengths
from ledger.merkle.note import parse_note

_HEADER = "c2sp.org/tlog-proof@v1"
_INDEX = re.compile(r"index (0|[1-9][0-9]{0,18})")
_MAX_INDEX = 2**63
_MAX_HASHES = 63
_MAX_TEXT = 1024 * 1024


@dataclass(frozen=True, slots=True)
class TlogProof:
    """Place of a leaf, its path (leaf's sibling first, 32 bytes each), and the signed note.

    Raises VerificationError(proof_malformed, hash_length) and as parse_note does; whether the proof
    holds is for check_inclusion and open_checkpoint to say.
    """

    index: int
    hashes: tuple[bytes, ...]
    checkpoint: str

    def __post_init__(self) -> None:
        """Refuse what could not be written and read back as the same proof."""
        if not 0 <= self.index < _MAX_INDEX or len(self.hashes) > _MAX_HASHES:
            raise VerificationError("proof_malformed", "no tree has such a leaf or path")
        check_lengths(self.hashes)
        parse_note(self.checkpoint)


def format_proof(proof: TlogProof) -> str:
    """The proof as text, without extra data."""
    hashes = "".join(base64.encode(digest) + "\n" for digest in proof.hashes)
    return f"{_HEADER}\nindex {proof.index}\n{hashes}\n{proof.checkpoint}"


def parse_proof(text: str) -> TlogProof:
    """Read a proof file; format_proof gives back exactly the same text.

    The optional line of extra data is refused: nothing signs it.

    Raises VerificationError(proof_malformed, hash_length, base64_malformed) and as parse_note does.
    """
    if len(text) > _MAX_TEXT:
        raise VerificationError("proof_malformed", f"more than {_MAX_TEXT} characters")
    head, separator, checkpoint = text.partition("\n\n")
    lines = head.split("\n")
    index = _INDEX.fullmatch(lines[1]) if len(lines) > 1 else None
    if lines[0] != _HEADER or index is None or not separator:
        raise VerificationError("proof_malformed", f"not a {_HEADER} without extra data")
    if len(lines) - 2 > _MAX_HASHES:
        raise VerificationError("proof_malformed", f"more than {_MAX_HASHES} hashes")
    return TlogProof(int(index[1]), tuple(map(base64.decode, lines[2:])), checkpoint)
