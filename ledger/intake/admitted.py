"""What intake hands to sealing."""

from __future__ import annotations

from dataclasses import dataclass

from ledger.ports import Found, StatementRow


@dataclass(frozen=True, slots=True)
class Admitted:
    """A statement that is good in itself; whether it contradicts the log is for sealing to say.

    Attributes:
        row: the statement; of a later version ``record.issuer`` is its own author until sealing has
            found the record.
        amends_others: whether the author may post further versions of other issuers' records.
        place: where it is logged already; then nothing else was checked.
    """

    row: StatementRow
    amends_others: bool
    place: Found | None = None
