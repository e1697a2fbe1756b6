"""The verifier: a bundle and a policy in, a report out; opens no file, socket or database.

What the caller still owes: the policy must come from a source the reader trusts, never from whoever
made the bundle, and the chain is believed as far as the reading's RPC is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

from ledger.bundle import Asked, Bundle, Evidence, decode_bundle
from ledger.values import Millis
from ledger.verify.author import Certificates
from ledger.verify.authority import Registration
from ledger.verify.causes import REFUSALS, cause
from ledger.verify.examining import (
    Case,
    Context,
    Registrations,
    examine,
    examine_operator,
    open_case,
)
from ledger.verify.forks import forked_origins
from ledger.verify.memory import Memory
from ledger.verify.policy import Policy
from ledger.verify.reading import ChainReading
from ledger.verify.receipt import Vouched, vouch_for
from ledger.verify.report import Check, Report, State, worst
from ledger.verify.siblings import mark_superseded, usually_open

_REMEMBERED = 1024


class Verifier:
    """Verifies bundles under one policy; remembers the checkpoints and registrations it has judged."""

    def __init__(self, policy: Policy) -> None:
        self._policy = policy
        self._vouched: Memory[str, Vouched] = Memory(_REMEMBERED)
        self._registered: Memory[tuple[Case, tuple[bytes, ...]], Registration | None] = Memory(
            _REMEMBERED
        )
        self._operators: Memory[Evidence, Case] = Memory(_REMEMBERED)

    def verify(self, bundle: Bundle, *, at: Millis, chain: ChainReading | None = None) -> Report:
        """Check every claim of the bundle; what does not hold is in the report, not raised."""
        records = [self._open(evidence) for evidence in bundle.records]
        operators = [
            self._operators.recall(evidence, partial(self._open, evidence))
            for evidence in bundle.operators
        ]
        for origin in forked_origins([case.receipt for case in records + operators]):
            records = [case.under_fork(origin) for case in records]
            operators = [case.under_fork(origin) for case in operators]
        context = Context(
            self._policy,
            chain,
            Certificates(bundle.certificates),
            usually_open(records),
            Registrations(),
        )
        context = replace(context, registrations=self._register(operators, bundle, context))
        reports = mark_superseded(
            [examine(case, context) for case in records], [case.statement for case in records]
        )
        checks = _check_whole(bundle.asked, self._policy)
        silence = [check.state for check in checks if check.name == "regions"]
        verdict = worst([*(report.verdict for report in reports), *silence])
        return Report(verdict, reports, bundle.asked, at, checks)

    def _open(self, evidence: Evidence) -> Case:
        return open_case(evidence, self._vouch)

    def _vouch(self, note: str) -> Vouched:
        return self._vouched.recall(note, partial(vouch_for, self._policy, note))

    def _register(
        self, operators: Sequence[Case], bundle: Bundle, context: Context
    ) -> Registrations:
        found: dict[str, list[Registration]] = {}
        unreadable = 0
        for case in operators:
            # Cases are compared by identity, so one under a fork is never taken for one that is not.
            registration = self._registered.recall(
                (case, bundle.certificates), partial(examine_operator, case, context)
            )
            if registration is None:
                unreadable += 1
                continue
            found.setdefault(registration.operator.kid, []).append(registration)
        # Only now: what one registration is worth must not hang on another one before it.
        for registered in found.values():
            context.certificates.add(registered[0].operator.certificate)
        return Registrations(found, unreadable)


def verify_bundle(
    bundle: Bundle, policy: Policy, *, at: Millis, chain: ChainReading | None = None
) -> Report:
    """Check every claim of one bundle against the policy.

    ``at`` is only noted in the report; nothing is judged by the verifier's own clock. Raises nothing: a
    claim that does not hold is a failed check.
    """
    return Verifier(policy).verify(bundle, at=at, chain=chain)


def verify_file(
    data: bytes, policy: Policy, *, at: Millis, chain: ChainReading | None = None
) -> Report:
    """Check a bundle file's bytes; a file that is no bundle is a failed report, not an error."""
    try:
        bundle = decode_bundle(data)
    except REFUSALS as error:
        check = Check("bundle", State.FAILED, "bundle_unreadable", cause(error))
        return Report(State.FAILED, (), None, at, (check,))
    return verify_bundle(bundle, policy, at=at, chain=chain)


def _check_whole(asked: Asked | None, policy: Policy) -> tuple[Check, ...]:
    """The checks on the file as a whole; ``regions`` counts for the verdict, ``complete`` cannot."""
    read = Check("bundle", State.PASSED, "bundle_read")
    if asked is None:
        return (read,)
    answered = {region for region, did in asked.regions if did}
    named = [region for region, _ in asked.regions]
    # A region the sender does not even mention has not answered either.
    silent = [name for name in dict.fromkeys([*policy.regions, *named]) if name not in answered]
    complete = Check("complete", State.UNKNOWN, "complete_unknown")
    if silent:
        facts = {"regions": ", ".join(silent)[:300]}
        return read, Check("regions", State.UNKNOWN, "region_silent", facts), complete
    return read, Check("regions", State.PASSED, "regions_answered"), complete
