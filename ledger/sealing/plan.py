"""Which statements of a group get a leaf, and why the others do not: the version rules, as one pure pass.

The database holds the same rules as UNIQUE constraints; here each breach gets its own name, and a statement
sees those that came before it in the same group.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from ledger.errors import ConflictError
from ledger.ports import Found, RecordKey, StatementRow, Transaction
from ledger.records.amending import may_follow
from ledger.values import Origin, StatementId


class Candidate(Protocol):
    """A statement that intake has found good; what it contradicts is for sealing to say."""

    @property
    def row(self) -> StatementRow:
        """The statement; of a later version ``record.issuer`` is its own author until it is placed."""

    @property
    def amends_others(self) -> bool:
        """Whether the author may post further versions of other issuers' records of this kind."""

    @property
    def place(self) -> Found | None:
        """Where it is logged already, if intake has seen that."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What the region's logs hold that a group could repeat or contradict."""

    held: Mapping[StatementId, Found]
    jtis: Mapping[tuple[str, str], StatementId]
    newest: Mapping[RecordKey, Found]


@dataclass(frozen=True, slots=True)
class Placed:
    """Gets the leaf at ``index``; ``prev_index`` is the place of the version before, or -1."""

    row: StatementRow
    index: int
    prev_index: int


Outcome = Placed | Found | ConflictError
"""Of each statement: its new place, the place it has already, or why it is refused."""


@dataclass(frozen=True, slots=True)
class _Version:
    """One version of a record, logged or placed earlier in the group."""

    id: StatementId
    record: RecordKey
    number: int
    index: int


async def gather_facts(
    transaction: Transaction, region: str, candidates: Sequence[Candidate]
) -> Facts:
    """Look up all that the group needs, in three queries however large it is."""
    rows = [one.row for one in candidates]
    wanted = dict.fromkeys(row.id for row in rows)
    wanted |= dict.fromkeys(row.prev for row in rows if row.prev is not None)
    held = await transaction.find_ids(region, list(wanted))
    jtis = await transaction.find_jtis(region, [(row.author, row.jti) for row in rows])
    records = dict.fromkeys(row.record for row in rows)
    records |= dict.fromkeys(one.statement.record for one in held.values())
    return Facts(held, jtis, await transaction.find_newest(region, list(records)))


def plan(candidates: Sequence[Candidate], facts: Facts, origin: Origin, size: int) -> list[Outcome]:
    """Decide each statement in order; leaves go to the log ``origin``, which ends at ``size``."""
    group = _Group(facts, origin, size)
    return [group.decide(candidate) for candidate in candidates]


class _Group:
    """What the group has placed so far, over what the logs hold."""

    def __init__(self, facts: Facts, origin: Origin, size: int) -> None:
        self._facts = facts
        self._origin = origin
        self._next = size
        self._placed: dict[StatementId, Placed] = {}
        self._jtis: set[tuple[str, str]] = set(facts.jtis)
        self._newest = {record: self._version(one) for record, one in facts.newest.items()}

    def decide(self, candidate: Candidate) -> Outcome:
        row = candidate.row
        if row.id in self._placed:
            return self._placed[row.id]
        if row.id in self._facts.held:
            return self._facts.held[row.id]
        try:
            prev = self._check(candidate)
        except ConflictError as error:
            return error
        record = row.record if prev is None else prev.record
        if record != row.record:
            row = replace(row, record=record)
        placed = Placed(row, self._next, -1 if prev is None else prev.index)
        self._next += 1
        self._placed[row.id] = placed
        self._jtis.add((row.author, row.jti))
        self._newest[record] = _Version(row.id, record, row.version, placed.index)
        return placed

    def _check(self, candidate: Candidate) -> _Version | None:
        """The version before; raises ConflictError where the statement contradicts the log."""
        row = candidate.row
        if (row.author, row.jti) in self._jtis:
            raise ConflictError("jti_used", "another statement of this author has this jti", "/jti")
        if row.prev is None:
            if row.record in self._newest:
                raise ConflictError("record_exists", "this record has a version 1", "/version")
            return None
        prev = self._find(row.prev)
        if prev is None:
            if row.record in self._newest:
                raise ConflictError("prev_mismatch", "no version of this record", "/prev")
            raise ConflictError("prev_unknown", "prev is not logged in this region", "/prev")
        self._check_follows(candidate, prev)
        return prev

    def _check_follows(self, candidate: Candidate, prev: _Version) -> None:
        row = candidate.row
        if (row.record.kind, row.record.key) != (prev.record.kind, prev.record.key):
            raise ConflictError("prev_mismatch", "prev is a version of another record", "/prev")
        if not may_follow(row.author, prev.record.issuer, amends_others=candidate.amends_others):
            raise ConflictError("foreign_amendment", "the record is another issuer's", "/iss")
        if row.version != prev.number + 1:
            raise ConflictError(
                "version_skipped", f"version {prev.number + 1} follows prev", "/version"
            )
        newest = self._newest[prev.record]
        if newest.id != prev.id:
            raise ConflictError(
                "version_taken", f"the record is at version {newest.number}", "/version"
            )

    def _find(self, statement: StatementId) -> _Version | None:
        placed = self._placed.get(statement)
        if placed is not None:
            return _Version(statement, placed.row.record, placed.row.version, placed.index)
        found = self._facts.held.get(statement)
        return None if found is None else self._version(found)

    def _version(self, found: Found) -> _Version:
        # A version of an earlier epoch has no index here: its statement's own prev still names it.
        index = found.leaf.index if found.leaf.origin == self._origin else -1
        row = found.statement
        return _Version(row.id, row.record, row.version, index)
