"""Taking proof files apart and putting them together otherwise."""

from __future__ import annotations

from dataclasses import dataclass, replace

from ledger.bundle import Evidence
from ledger.merkle.checkpoint import Checkpoint, format_checkpoint
from ledger.merkle.cosignature import cosign
from ledger.merkle.note import sign_note
from ledger.testing.kit import KitLog, NoteKey
from ledger.values import TreeHead


@dataclass(frozen=True)
class Proof:
    """A tlog-proof: index and path, the checkpoint's text, and its signature lines."""

    path: str
    text: str
    lines: tuple[str, ...]

    @classmethod
    def of(cls, evidence: Evidence) -> Proof:
        path, text, signed = evidence.proof.split("\n\n")
        return cls(path, text + "\n", tuple(signed.splitlines(keepends=True)))

    @property
    def own(self) -> str:
        """The log's own line: the kit signs first."""
        return self.lines[0]

    @property
    def witnessed(self) -> tuple[str, ...]:
        return self.lines[1:]

    def at(self, index: int) -> Proof:
        """The same path, said to be that of another leaf."""
        lines = self.path.split("\n")
        lines[1] = f"index {index}"
        return replace(self, path="\n".join(lines))

    def under(self, other: Proof) -> Proof:
        """This path under another checkpoint."""
        return replace(other, path=self.path)

    def signed(self, *lines: str) -> Proof:
        return replace(self, lines=lines)

    def into(self, evidence: Evidence) -> Evidence:
        return replace(evidence, proof=f"{self.path}\n\n{self.text}\n{''.join(self.lines)}")


def text_of(log: KitLog, head: TreeHead) -> str:
    """A checkpoint's text."""
    return format_checkpoint(Checkpoint(str(log.origin), head))


def line_of(key: NoteKey, text: str) -> str:
    """A log key's line under a text."""
    return sign_note(text, key.name, key.public_key, key.sign)


def cosigned_line(key: NoteKey, text: str, seconds: int) -> str:
    """A witness key's line under a text."""
    return cosign(text, key.name, key.public_key, key.sign, seconds)
