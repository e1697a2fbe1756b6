"""Cutting a stored statement down to what one reader may see."""

from __future__ import annotations

from dataclasses import dataclass

from ledger.errors import VerificationError
from ledger.ports import StatementRow
from ledger.sharing.rights import Right
from ledger.statement.sdjwt import Path, Statement, join, open_slots, parse, present


@dataclass(frozen=True, slots=True)
class Shown:
    """A statement for one reader; ``parsed`` is None where its signed part cannot be read.

    ``lacking`` are slots that this reader may see and whose disclosures are not at hand.
    """

    compact: str
    closed: int
    parsed: Statement | None
    lacking: tuple[Path, ...] = ()

    @property
    def disclosures(self) -> tuple[str, ...]:
        """The disclosures that are shown."""
        return tuple(part for part in self.compact.split("~")[1:] if part)


def show(row: StatementRow, right: Right) -> Shown:
    """What this right opens of a statement, together with a changed disclosure it would have opened.

    Never raises: a row that was altered goes out as far as it can be read, without any field that no
    grade is known for.
    """
    bare = join(row.signed, ())
    try:
        whole = parse(join(row.signed, row.disclosures))
        opens = right.opens(whole)
        compact = present(whole, opens)
        closed = open_slots(parse(compact)).closed
        return Shown(compact, len(closed), whole, tuple(path for path in closed if opens(path)))
    except VerificationError:
        # The author's part may still be read where a disclosure is what cannot be.
        return _bare(bare)


def _bare(compact: str) -> Shown:
    try:
        parsed = parse(compact)
    except VerificationError:
        return Shown(compact, 0, None)
    return Shown(compact, len(parsed.slots), parsed)
