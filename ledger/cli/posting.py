"""Signing and posting many rows: in batches, each kept before it is sent, each answer written down."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from ledger.cli.access import Door
from ledger.cli.outbox import Outbox
from ledger.cli.promised import Promises
from ledger.cli.rows import Row
from ledger.cli.signing import sign
from ledger.client import Receipt
from ledger.errors import LedgerError, UnavailableError
from ledger.problems import problem_of

BATCH = 500
# Says nothing about the statement itself: the same bytes may be taken later.
_LATER = frozenset({"rate_limited", "too_many_bodies", "body_too_slow"})


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a row: a receipt (``repeated``: an earlier run's) or an error."""

    row: Row
    receipt: dict[str, Any] | None = None
    error: LedgerError | None = None
    repeated: bool = False

    @property
    def unanswered(self) -> bool:
        """Whether nothing is known of its fate."""
        return self.error is not None and is_unanswered(self.error)

    def as_json(self) -> dict[str, Any]:
        """Members of the machine output."""
        named = {"place": self.row.place, "region": self.row.region, "kind": self.row.kind}
        if self.error is not None:
            return named | {"problem": problem_of(self.error)}
        return named | {"receipt": self.receipt, "repeated": self.repeated}


def is_unanswered(error: LedgerError) -> bool:
    """Whether the row may still be taken as it was signed."""
    return isinstance(error, UnavailableError) or error.code in _LATER


async def post(
    rows: Sequence[Row],
    door: Door,
    outbox: Outbox,
    told: Callable[[Outcome], None],
    batch: int = BATCH,
) -> None:
    """Post rows that were checked before; tells the outcome of each, region by region.

    Raises what signing raises; what a region answers is told, never raised.
    """
    issuer, promises = door.issuer, Promises(door.network)
    for region, group in groupby(sorted(rows, key=lambda row: row.region), lambda row: row.region):
        waiting: list[tuple[str, Row]] = []
        for row in group:
            digest = row.digest(issuer, door.network.name)
            before = outbox.receipt(digest)
            if before is not None:
                told(Outcome(row, before, repeated=True))
            else:
                waiting.append((digest, row))
        for some in _batches(waiting, batch):
            for outcome in await _post_batch(some, region, door, outbox, promises):
                told(outcome)


def _batches(rows: Sequence[tuple[str, Row]], size: int) -> Iterator[Sequence[tuple[str, Row]]]:
    for start in range(0, len(rows), size):
        yield rows[start : start + size]


async def _post_batch(
    rows: Sequence[tuple[str, Row]], region: str, door: Door, outbox: Outbox, promises: Promises
) -> list[Outcome]:
    issuer = door.issuer
    signed = {digest: outbox.statement(digest) or sign(row, door, issuer) for digest, row in rows}
    outbox.keep(signed)
    outcomes: list[Outcome] = []
    receipts: list[tuple[str, str, Receipt]] = []
    refused: list[str] = []
    # Equal rows of one batch are one statement.
    order = list(signed)
    by_digest: dict[str, list[Row]] = {}
    for digest, row in rows:
        by_digest.setdefault(digest, []).append(row)
    posted = list(signed.values())
    answers = [
        _kept(promises, region, compact, *one)
        for compact, one in zip(posted, await _answers(posted, region, door), strict=True)
    ]
    for digest, (receipt, error) in zip(order, answers, strict=True):
        if receipt is not None:
            receipts.append((digest, by_digest[digest][0].place, receipt))
        elif error is not None and not is_unanswered(error):
            refused.append(digest)
    outbox.settle(receipts, refused)
    for digest, (_, error) in zip(order, answers, strict=True):
        outcomes += [Outcome(row, outbox.receipt(digest), error) for row in by_digest[digest]]
    return outcomes


def _kept(
    promises: Promises,
    region: str,
    compact: str,
    receipt: Receipt | None,
    error: LedgerError | None,
) -> tuple[Receipt | None, LedgerError | None]:
    """The answer, unless it is a receipt that promises nothing: that is none."""
    if receipt is None:
        return receipt, error
    try:
        promises.check(region, compact, receipt)
    except UnavailableError as false:
        return None, false
    return receipt, None


async def _answers(
    statements: Sequence[str], region: str, door: Door
) -> list[tuple[Receipt | None, LedgerError | None]]:
    answers: list[tuple[Receipt | None, LedgerError | None]] = []
    try:
        async with door.node(region) as node:
            async for one in node.submit_many(statements, batch=len(statements)):
                # One by one: those that came before the connection broke are answers too.
                answers.append((one.receipt, one.error))  # noqa: PERF401
    except LedgerError as error:
        # The connection, not a row: of those without an answer nothing is known.
        silent = UnavailableError(error.code, error.detail)
        answers += [(None, silent)] * (len(statements) - len(answers))
    return answers
