"""The right to post: an operator record, logged earlier in the same region, by a registrar of its log."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ledger.statement.operator import ACTIVE, Operator
from ledger.statement.sdjwt import Statement
from ledger.values import Origin
from ledger.verify.causes import Facts
from ledger.verify.logpolicy import LogPolicy
from ledger.verify.receipt import Receipt, skipped
from ledger.verify.report import Check, State


@dataclass(frozen=True, slots=True)
class Registration:
    """An operator record of the bundle with its own verdict; ``because`` is the check that decided it."""

    operator: Operator
    version: int
    receipt: Receipt
    verdict: State
    because: str

    @property
    def place(self) -> tuple[int, int]:
        """Epoch and index: the order of records within one region."""
        origin, index = self.receipt.origin, self.receipt.index
        return (origin.epoch, index) if origin is not None and index is not None else (0, -1)


def check_region(statement: Statement, origin: Origin) -> Check | None:
    """The failed check if the author meant the statement for another region than the log's."""
    meant = f"{origin.network}/{origin.region}"
    if statement.claims.aud == meant:
        return None
    facts = {"meant": statement.claims.aud, "region": meant}
    return Check("authorised", State.FAILED, "wrong_region", facts)


def check_registrar(statement: Statement, kid_hex: str, log: LogPolicy) -> Check:
    """Check ``authorised`` of an operator record: its author is a registrar of the log it stands in."""
    wrong = check_region(statement, log.origin)
    if wrong is not None:
        return wrong
    if kid_hex in log.registrars:
        return Check("authorised", State.PASSED, "authorised_registrar", {"kid": kid_hex})
    return Check("authorised", State.FAILED, "registrar_unlisted", {"kid": kid_hex})


def check_registration(
    statement: Statement,
    receipt: Receipt,
    registrations: Sequence[Registration],
    unreadable: int,
) -> Check:
    """Check ``authorised`` of any other record, by the registrations of its author's key.

    ``unreadable`` counts the bundle's registrations of which not even the firm can be told.
    """
    origin, index = receipt.origin, receipt.index
    if origin is None or index is None:
        return skipped("authorised", "log_signature" if origin is None else "inclusion")
    wrong = check_region(statement, origin)
    if wrong is not None:
        return wrong
    own = [item for item in registrations if _same_region(item, origin)]
    earlier = [item for item in own if item.place < (origin.epoch, index)]
    standing = sorted(
        (item for item in earlier if item.verdict in (State.PASSED, State.PENDING)),
        key=lambda item: item.place,
    )
    if standing:
        return _by_newest(statement, standing)
    return _without_standing(own, earlier, unreadable)


def _same_region(item: Registration, origin: Origin) -> bool:
    other = item.receipt.origin
    return other is not None and other.region == origin.region


def _by_newest(statement: Statement, standing: Sequence[Registration]) -> Check:
    """Decide by the newest registration, also one still waiting for witnesses: it may suspend."""
    newest = standing[-1]
    facts = _facts(newest)
    if newest.operator.status != ACTIVE:
        return Check("authorised", State.FAILED, "operator_suspended", facts)
    kind = statement.claims.kind
    if kind not in newest.operator.kinds:
        return Check("authorised", State.FAILED, "operator_kind", {**facts, "kind": kind})
    if any(item.verdict is State.PASSED and item.operator.may_post(kind) for item in standing):
        return Check("authorised", State.PASSED, "authorised_holds", facts)
    return Check("authorised", State.PENDING, "operator_waits", facts)


def _without_standing(
    own: Sequence[Registration], earlier: Sequence[Registration], unreadable: int
) -> Check:
    if not own and unreadable:
        facts: Facts = {"unreadable": unreadable}
        return Check("authorised", State.UNKNOWN, "operator_unreadable", facts)
    if not own:
        return Check("authorised", State.UNKNOWN, "operator_absent")
    if not earlier:
        return Check("authorised", State.FAILED, "operator_late", _facts(own[0]))
    for item in earlier:
        if item.verdict is State.UNKNOWN:
            facts = {**_facts(item), "because": item.because}
            return Check("authorised", State.UNKNOWN, "operator_uncertain", facts)
    facts = {**_facts(earlier[-1]), "because": earlier[-1].because}
    return Check("authorised", State.FAILED, "operator_invalid", facts)


def _facts(item: Registration) -> Facts:
    epoch, index = item.place
    return {
        "operator_epoch": epoch,
        "operator_index": index,
        "operator_version": item.version,
        "operator_status": item.operator.status,
    }
