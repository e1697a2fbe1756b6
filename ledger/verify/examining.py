"""Examining one statement: every check in turn, then the verdict and what may be shown."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from ledger.bundle import Anchor, Evidence
from ledger.statement.certificates import kid_hex
from ledger.statement.operator import KIND as OPERATOR
from ledger.statement.operator import read_operator
from ledger.statement.sdjwt import Opened, Statement
from ledger.verify.author import Certificates, check_author
from ledger.verify.authority import Registration, check_registrar, check_registration
from ledger.verify.causes import REFUSALS
from ledger.verify.policy import CHECKS, DEFAULT_REQUIRED, Policy
from ledger.verify.reading import ChainReading, check_chain
from ledger.verify.receipt import Receipt, Vouched, read_receipt, skipped
from ledger.verify.report import WORST_FIRST, Check, RecordReport, State, verdict_of
from ledger.verify.slots import Elsewhere, check_slots, read_statement, shown_fields


@dataclass(frozen=True, slots=True, eq=False)
class Case:
    """Evidence taken apart: the statement and its receipt, with the checks that decided already."""

    id: str
    anchor: Anchor | None
    statement: Statement | None
    opened: Opened | None
    refused: Mapping[str, Check]
    receipt: Receipt

    def under_fork(self, origin: str) -> Case:
        """This case, its log no longer believed if it is that one."""
        if str(self.receipt.origin) != origin:
            return self
        return replace(self, receipt=self.receipt.forked(origin))


@dataclass(frozen=True, slots=True)
class Context:
    """What every case of a bundle is examined against."""

    policy: Policy
    chain: ChainReading | None
    certificates: Certificates
    elsewhere: Elsewhere
    registrations: Registrations


@dataclass(frozen=True, slots=True)
class Registrations:
    """The operator records of a bundle by the kid they register; ``unreadable`` counts the others."""

    by_kid: Mapping[str, Sequence[Registration]] = field(default_factory=dict)
    unreadable: int = 0


def open_case(evidence: Evidence, vouch: Callable[[str], Vouched]) -> Case:
    """Take evidence apart; raises nothing."""
    read = read_statement(evidence.statement)
    receipt = read_receipt(evidence, read.statement, vouch)
    name = read.statement.id.hex() if read.statement is not None else ""
    return Case(name, evidence.anchor, read.statement, read.opened, read.refused, receipt)


def examine(case: Case, context: Context) -> RecordReport:
    """Check one record and say what may be shown of it."""
    checks, failed_field = _check_all(case, context)
    required = context.policy.required + (("chain",) if context.chain is not None else ())
    ordered = tuple(checks[name] for name in CHECKS)
    report = RecordReport(
        id=case.id,
        region=None,
        origin=None,
        index=None,
        kind=None,
        version=None,
        author=None,
        time=None,
        fields={},
        closed=(),
        checks=ordered,
        verdict=verdict_of(ordered, required),
        failed_field=failed_field,
    )
    return _with_author(_with_place(report, case, checks), case, checks)


def examine_operator(case: Case, context: Context) -> Registration | None:
    """Examine an operator record that authorises others; None if it cannot be read as one."""
    if case.statement is None or case.statement.claims.kind != OPERATOR:
        return None
    try:
        operator = read_operator(case.statement)
    except REFUSALS:
        # Whom it meant to register cannot be told, so it stands for nobody.
        return None
    checks, _ = _check_all(case, context)
    needed = [checks[name] for name in DEFAULT_REQUIRED]
    verdict = verdict_of(needed, DEFAULT_REQUIRED)
    because = min(needed, key=_rank).name
    return Registration(operator, case.statement.claims.version, case.receipt, verdict, because)


def _rank(check: Check) -> int:
    return WORST_FIRST.index(check.state) if check.state in WORST_FIRST else len(WORST_FIRST)


def _check_all(case: Case, context: Context) -> tuple[dict[str, Check], str | None]:
    receipt, statement = case.receipt, case.statement
    checks = {
        "leaf": receipt.leaf_check,
        "inclusion": receipt.inclusion,
        "log_signature": receipt.vouched.log_signature,
        "quorum": receipt.vouched.quorum,
        "chain": check_chain(case.anchor, receipt, context.policy, context.chain),
        "latest": Check("latest", State.UNKNOWN, "latest_unknown"),
    }
    failed_field = None
    if statement is None:
        because = "slots" if case.refused["slots"].state is State.FAILED else "signature"
        checks |= {name: skipped(name, because) for name in ("certificate", "authorised")}
    else:
        signature, certificate = check_author(
            statement, receipt, context.certificates, context.policy.cas
        )
        checks |= {"signature": signature, "certificate": certificate}
        checks["authorised"] = _check_authorised(statement, receipt, context.registrations)
        if case.opened is not None and "slots" not in case.refused:
            checks["slots"], failed_field = check_slots(statement, case.opened, context.elsewhere)
    return checks | dict(case.refused), failed_field


def _check_authorised(
    statement: Statement, receipt: Receipt, registrations: Registrations
) -> Check:
    log = receipt.vouched.log
    if statement.claims.kind == OPERATOR:
        if log is None:
            return skipped("authorised", "log_signature")
        return check_registrar(statement, _kid_hex(statement), log)
    own = registrations.by_kid.get(statement.kid, ())
    return check_registration(statement, receipt, own, registrations.unreadable)


def _kid_hex(statement: Statement) -> str:
    try:
        return kid_hex(statement.kid)
    except REFUSALS:
        # A kid that is no digest is nobody's: no list of registrars can hold it.
        return ""


def _passed(checks: Mapping[str, Check], names: Iterable[str]) -> bool:
    return all(checks[name].state is State.PASSED for name in names)


def _with_place(report: RecordReport, case: Case, checks: Mapping[str, Check]) -> RecordReport:
    """Show the place, and the time, only as far as the log and its witnesses vouch for them."""
    origin = case.receipt.origin
    if origin is None or not case.receipt.placed:
        return report
    time = case.receipt.vouched.time if _passed(checks, ["quorum"]) else None
    return replace(
        report, region=origin.region, origin=str(origin), index=case.receipt.index, time=time
    )


def _with_author(report: RecordReport, case: Case, checks: Mapping[str, Check]) -> RecordReport:
    """Show what the author says only if it is the author who says so."""
    certified = checks["certificate"].state in (State.PASSED, State.PENDING)
    if case.statement is None or not certified or not _passed(checks, ["signature"]):
        return report
    claims, opened = case.statement.claims, case.opened
    return replace(
        report,
        kind=claims.kind,
        version=claims.version,
        author=claims.iss,
        fields=shown_fields(opened) if opened is not None else {},
        closed=opened.closed if opened is not None else (),
    )
