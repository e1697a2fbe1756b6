"""What a lie is, and what the verifier has to say to it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import TypeAlias

from ledger.bundle import Bundle, Evidence
from ledger.merkle.leaf import Leaf, encode_leaf
from ledger.statement.sdjwt import parse
from ledger.testing.kit import KitLog, Posted
from ledger.verify import ChainReading, Policy, State
from tests.properties.verify.stage import Chance, Stage
from tests.unit.chain.node import Answer

FAILED, PENDING, UNKNOWN, PASSED = State.FAILED, State.PENDING, State.UNKNOWN, State.PASSED


@dataclass(frozen=True)
class Lie:
    """A bundle that says what is not so.

    Attributes:
        due: the verdict on the bundle; passed only where nothing shown is false and what is kept back
            is said to be unknown.
        codes: the code that a check of the record ``about`` must have.
        whole: the same for the checks of the file.
        shown: what the report on that record must show, by member.
        chain: what an RPC answers, None offline.
        policy: where it is not the stage's.
        rpc: a node to be asked over HTTP, by method; then ``chain`` is what it says.
    """

    bundle: Bundle
    due: State = FAILED
    codes: Mapping[str, str] = field(default_factory=dict)
    about: int = 0
    whole: Mapping[str, str] = field(default_factory=dict)
    shown: Mapping[str, object] = field(default_factory=dict)
    chain: ChainReading | None = None
    policy: Policy | None = None
    rpc: Mapping[str, Answer] | None = None


Telling: TypeAlias = Callable[[Stage, Chance], Lie]


def copied(log: KitLog) -> KitLog:
    """The same log, which may go another way from here."""
    return KitLog(log.origin, list(log.leaves))


def grown(log: KitLog, compact: str, *, prev: int = -1, received: int | None = None) -> Posted:
    """The log with a leaf more, as its node may log whatever it likes."""
    copy = copied(log)
    time = _time_after(copy) if received is None else received
    copy.leaves.append(encode_leaf(Leaf(parse(compact).id, time, prev)))
    return Posted(copy, len(copy.leaves) - 1, compact)


def rewritten(log: KitLog, index: int, compact: str) -> Posted:
    """The log with another statement at that place and all else as it was."""
    copy = copied(log)
    copy.leaves[index] = encode_leaf(Leaf(parse(compact).id, 1_772_420_000_000, -1))
    return Posted(copy, index, compact)


def _time_after(log: KitLog) -> int:
    return 1_772_500_000_000 + len(log.leaves)


def witnessed(stage: Stage, posted: Posted) -> Evidence:
    """Evidence under the log's own newest head with all its cosignatures.

    Witnesses vouch for append-only alone: a region that logs what it should not gets them all the same.
    """
    return stage.world.evidence(posted)


def offered(stage: Stage, chance: Chance, **more: object) -> str:
    """A true statement that was never logged."""
    scratch = KitLog(stage.log.origin)
    return stage.declare(log=scratch, **more).compact


def with_leaf(evidence: Evidence, other: Evidence) -> Evidence:
    """This statement with the place of another."""
    return replace(evidence, leaf=other.leaf, proof=other.proof, anchor=other.anchor)
