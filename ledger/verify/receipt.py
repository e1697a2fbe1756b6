"""Where a statement stands in a log, and who vouches for that log: leaf, inclusion, log signature, quorum."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from ledger.bundle import Evidence
from ledger.errors import VerificationError
from ledger.merkle.checkpoint import parse_checkpoint
from ledger.merkle.cosignature import check_cosignature
from ledger.merkle.hashing import leaf_hash
from ledger.merkle.leaf import Leaf, parse_leaf
from ledger.merkle.note import Note, VerifierKey, check_signature, parse_note
from ledger.merkle.proof import TlogProof, parse_proof
from ledger.merkle.proofs import check_inclusion
from ledger.statement.sdjwt import Statement
from ledger.values import Millis, Origin, TreeHead
from ledger.verify.causes import REFUSALS, Facts, Refusal, cause
from ledger.verify.logpolicy import LogPolicy, region_of_witness
from ledger.verify.policy import Policy
from ledger.verify.report import Check, State

_LATEST_SECONDS = 253_402_300_799  # the last second of the year 9999: calendars end there


@dataclass(frozen=True, slots=True)
class Vouched:
    """What a checkpoint's signatures are worth under the policy; ``time`` needs the quorum."""

    head: TreeHead | None
    log: LogPolicy | None
    log_signature: Check
    quorum: Check
    time: Millis | None = None


@dataclass(frozen=True, slots=True)
class Receipt:
    """A statement's claimed place; only what its checks passed may be relied on."""

    index: int | None
    leaf: Leaf | None
    leaf_hash: bytes
    vouched: Vouched
    leaf_check: Check
    inclusion: Check

    @property
    def origin(self) -> Origin | None:
        """The log, if the policy knows it."""
        return self.vouched.log.origin if self.vouched.log else None

    @property
    def placed(self) -> bool:
        """Whether the log's own key vouches for exactly this leaf at this index."""
        checks = (self.leaf_check, self.inclusion, self.vouched.log_signature)
        return all(check.state is State.PASSED for check in checks)

    def forked(self, origin: str) -> Receipt:
        """This receipt, no longer vouched for: its log signed two histories."""
        check = Check("log_signature", State.FAILED, "log_forked", {"origin": origin})
        return replace(self, vouched=replace(self.vouched, log_signature=check))


def skipped(name: str, because: str) -> Check:
    """A check that makes no sense once another one failed."""
    return Check(name, State.SKIPPED, "not_checked", {"because": because})


def read_receipt(
    evidence: Evidence, statement: Statement | None, vouch: Callable[[str], Vouched]
) -> Receipt:
    """Check leaf, inclusion, log signature and quorum of one piece of evidence; raises nothing.

    ``vouch`` judges a checkpoint's text (``vouch_for`` below, or a cache of it).
    """
    line = evidence.leaf.encode("utf-8", "surrogatepass")
    hashed = leaf_hash(line)
    try:
        proof = parse_proof(evidence.proof)
    except REFUSALS as error:
        broken = Check("inclusion", State.FAILED, "proof_malformed", cause(error))
        vouched = Vouched(
            None, None, skipped("log_signature", "inclusion"), skipped("quorum", "inclusion")
        )
        leaf, leaf_check = _check_leaf(line, statement, None)
        return Receipt(None, leaf, hashed, vouched, leaf_check, broken)
    vouched = vouch(proof.checkpoint)
    leaf, leaf_check = _check_leaf(line, statement, proof.index)
    return Receipt(
        proof.index,
        leaf,
        hashed,
        vouched,
        leaf_check,
        _check_inclusion(hashed, proof, vouched),
    )


def _check_leaf(
    line: bytes, statement: Statement | None, index: int | None
) -> tuple[Leaf | None, Check]:
    try:
        leaf = parse_leaf(line)
    except REFUSALS as error:
        return None, Check("leaf", State.FAILED, "leaf_malformed", cause(error))
    if statement is None:
        return leaf, skipped("leaf", "signature")
    if leaf.statement != statement.id:
        facts = {"named": leaf.statement.hex(), "id": statement.id.hex()}
        return leaf, Check("leaf", State.FAILED, "leaf_other", facts)
    first = statement.claims.version == 1
    if (first and leaf.prev != -1) or (index is not None and leaf.prev >= index):
        return leaf, Check("leaf", State.FAILED, "leaf_contradicts", {"prev": leaf.prev})
    return leaf, Check("leaf", State.PASSED, "leaf_holds")


def _check_inclusion(hashed: bytes, proof: TlogProof, vouched: Vouched) -> Check:
    head = vouched.head
    if head is None:
        return skipped("inclusion", "log_signature")
    try:
        check_inclusion(hashed, proof.index, head, proof.hashes)
    except REFUSALS as error:
        return Check("inclusion", State.FAILED, "inclusion_invalid", cause(error))
    if vouched.log_signature.state is not State.PASSED:
        # A path fits several sizes: without the signature the size would be the sender's word.
        return skipped("inclusion", "log_signature")
    return Check(
        "inclusion", State.PASSED, "inclusion_holds", {"index": proof.index, "size": head.size}
    )


def vouch_for(policy: Policy, note_text: str) -> Vouched:
    """Judge a checkpoint under the policy: its log's signature and the other regions' cosignatures."""
    try:
        note = parse_note(note_text)
        checkpoint = parse_checkpoint(note.text)
    except REFUSALS as error:
        check = Check("log_signature", State.FAILED, "log_signature_invalid", _about("?", error))
        return Vouched(None, None, check, skipped("quorum", "log_signature"))
    head = checkpoint.head
    log = policy.by_origin.get(checkpoint.origin)
    if log is None:
        check = Check(
            "log_signature", State.FAILED, "log_unknown", {"origin": checkpoint.origin[:200]}
        )
        return Vouched(head, None, check, skipped("quorum", "log_signature"))
    quorum, time = _count_witnesses(note, log)
    return Vouched(head, log, _check_log_signature(note, head, log), quorum, time)


def _check_log_signature(note: Note, head: TreeHead, log: LogPolicy) -> Check:
    origin = str(log.origin)
    facts: Facts = {"origin": origin, "size": head.size}
    try:
        check_signature(note, log.key)
    except REFUSALS as error:
        return Check("log_signature", State.FAILED, "log_signature_invalid", _about(origin, error))
    closed = log.closed
    if closed is not None and (
        head.size > closed.size or (head.size == closed.size and head.root != closed.root)
    ):
        facts |= {"closed": closed.size}
        return Check("log_signature", State.FAILED, "log_closed", facts)
    return Check("log_signature", State.PASSED, "log_signature_holds", facts)


def _count_witnesses(note: Note, log: LogPolicy) -> tuple[Check, Millis | None]:
    """Count distinct witness keys; the time is that of the quorum-th, in order of time."""
    present = {(line.name, line.key_hash) for line in note.signatures}
    times: list[tuple[int, str]] = []
    for key in log.witnesses:
        region = region_of_witness(log.origin.network, key.name)
        # The policy refuses this too; here it costs nothing and saves a verdict if a policy slips by.
        if region is None or region == log.origin.region or (key.name, key.key_hash) not in present:
            continue
        try:
            times.append((_time_of(note, key), region))
        except REFUSALS as error:
            broken = {**cause(error), "witness": region}
            return Check("quorum", State.FAILED, "cosignature_invalid", broken), None
    times.sort()
    facts: Facts = {"count": len(times), "quorum": log.quorum}
    if len(times) < log.quorum:
        return Check("quorum", State.PENDING, "quorum_waits", facts), None
    facts["witnesses"] = _names(times)
    return Check("quorum", State.PASSED, "quorum_holds", facts), Millis(
        times[log.quorum - 1][0] * 1000
    )


def _time_of(note: Note, key: VerifierKey) -> int:
    seconds = check_cosignature(note, key)
    if not 0 < seconds <= _LATEST_SECONDS:
        raise VerificationError("cosignature_time", f"{seconds} is no time of this calendar")
    return seconds


def _names(times: Sequence[tuple[int, str]]) -> str:
    return ", ".join(sorted(region for _, region in times))


def _about(origin: str, error: Refusal) -> Facts:
    return {**cause(error), "origin": origin}
