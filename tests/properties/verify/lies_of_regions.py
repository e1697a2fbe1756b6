"""Lies of a region about its epochs, about other networks, and about who may post.

What it logs against the rules its witnesses cosign all the same: they vouch for append-only alone.
"""

from __future__ import annotations

from dataclasses import replace

from ledger.merkle.note import NoteSignature, format_signature
from ledger.testing.kit import KitLog, World
from ledger.testing.kit.people import Firm
from ledger.values import Origin
from tests.properties.verify.lie import PENDING, UNKNOWN, Lie, grown, offered, rewritten, witnessed
from tests.properties.verify.lies_of_logs import LATER, OTHERS
from tests.properties.verify.notes import Proof
from tests.properties.verify.stage import Chance, Stage

# --- epochs and other networks


def closed_log_goes_on(stage: Stage, chance: Chance) -> Lie:
    posted = grown(stage.old, offered(stage, chance, region="beijing"))
    bundle = stage.bundle(witnessed(stage, posted))
    return Lie(bundle, codes={"log_signature": "log_closed"})


def closed_log_rewritten(stage: Stage, chance: Chance) -> Lie:
    """Another root at the very size at which two regions closed the log."""
    true = chance.one(stage.closed)
    fork = rewritten(stage.old, true.index, offered(stage, chance, region="beijing"))
    bundle = stage.bundle(witnessed(stage, fork), operators=[])
    return Lie(bundle, codes={"log_signature": "log_closed"})


def closed_log_key_signs_the_next(stage: Stage, chance: Chance) -> Lie:
    shown = stage.shown(chance.one(stage.open))
    proof = Proof.of(shown)
    named = format_signature(
        NoteSignature(
            str(stage.new.origin), stage.new.vkey.key_hash, stage.old.key.sign(proof.text.encode())
        )
    )
    bundle = stage.bundle(proof.signed(named, *proof.witnessed).into(shown))
    return Lie(bundle, codes={"log_signature": "log_signature_invalid"})


def epoch_exchanged(stage: Stage, chance: Chance) -> Lie:
    """The place in the closed log under the next log's head, or the other way round."""
    pair = [stage.shown(chance.one(stage.closed)), stage.shown(chance.one(stage.open))]
    one, two = pair if chance.heads() else pair[::-1]
    bundle = stage.bundle(Proof.of(one).under(Proof.of(two)).into(one))
    return Lie(bundle, codes={"inclusion": "inclusion_invalid"})


def epoch_nobody_opened(stage: Stage, chance: Chance) -> Lie:
    third = KitLog(Origin(stage.world.network, "tianjin", 2))
    posted = grown(third, offered(stage, chance))
    shown = stage.world.evidence(posted, cosigned=dict.fromkeys(("tianjin", *OTHERS), LATER))
    return Lie(stage.bundle(shown), codes={"log_signature": "log_unknown"})


def log_of_another_network(stage: Stage, chance: Chance) -> Lie:
    other = World("demo-ffffffff")
    posted = other.append(chance.one(stage.records).compact, other.log("tianjin"))
    return Lie(stage.bundle(other.evidence(posted)), codes={"log_signature": "log_unknown"})


# --- who may post


def author_nobody_registered(stage: Stage, chance: Chance) -> Lie:
    firm = stage.world.firm("Stranger", 77)
    posted = grown(stage.log, offered(stage, chance, author=firm))
    bundle = stage.bundle(witnessed(stage, posted))
    return Lie(bundle, UNKNOWN, {"authorised": "operator_absent"})


def _registration(stage: Stage, firm: Firm, region: str = "tianjin", **more: Firm) -> str:
    """An operator record that stands nowhere yet."""
    log = stage.world.log(region)
    compact = stage.world.register(region, firm, ["import_declaration"], **more).compact
    log.leaves.pop()
    return compact


def registered_after_the_record(stage: Stage, chance: Chance) -> Lie:
    firm = stage.world.firm("Hasty", 78)
    posted = grown(stage.log, offered(stage, chance, author=firm))
    later = grown(posted.log, _registration(stage, firm))
    bundle = stage.bundle(
        stage.world.evidence(posted, size=len(posted.log.leaves)),
        operators=[witnessed(stage, later)],
    )
    return Lie(bundle, codes={"authorised": "operator_late"})


def registered_by_one_who_may_not(stage: Stage, chance: Chance) -> Lie:
    firm = stage.world.firm("Friend", 79)
    by = chance.one(
        [stage.broker, stage.world.registrars["hebei"], stage.world.registrars["beijing"]]
    )
    operator = grown(stage.log, _registration(stage, firm, registrar=by))
    posted = grown(operator.log, offered(stage, chance, author=firm))
    shown = stage.world.evidence(operator, size=len(operator.log.leaves))
    bundle = stage.bundle(witnessed(stage, posted), operators=[*stage.registrations, shown])
    return Lie(bundle, codes={"authorised": "operator_invalid"})


def registered_in_another_region(stage: Stage, chance: Chance) -> Lie:
    posted = grown(stage.log, offered(stage, chance, author=stage.newcomer))
    bundle = stage.bundle(witnessed(stage, posted))
    return Lie(bundle, UNKNOWN, {"authorised": "operator_absent"})


def registered_in_a_later_epoch(stage: Stage, chance: Chance) -> Lie:
    """The closed log is taken for open, as by a reader whose policy is old."""
    posted = grown(stage.old, offered(stage, chance, region="beijing", author=stage.newcomer))
    logs = tuple(replace(log, closed=None) for log in stage.policy.logs)
    bundle = stage.bundle(witnessed(stage, posted))
    policy = replace(stage.policy, logs=logs)
    return Lie(bundle, codes={"authorised": "operator_late"}, policy=policy)


def registered_where_nobody_witnessed(stage: Stage, chance: Chance) -> Lie:
    """The registration stands in a history that the region signed alone; the record is not younger there."""
    firm = stage.world.firm("Smuggler", 80)
    operator = grown(stage.log, _registration(stage, firm))
    posted = grown(operator.log, offered(stage, chance, author=firm))
    signed = {chance.one(OTHERS): LATER} if chance.heads() else {}
    shown = stage.world.evidence(operator, size=len(operator.log.leaves), cosigned=signed)
    bundle = stage.bundle(witnessed(stage, posted), operators=[*stage.registrations, shown])
    return Lie(bundle, PENDING, {"authorised": "operator_waits"})


def posted_after_suspension(stage: Stage, chance: Chance) -> Lie:
    shown = stage.shown(stage.after)
    return Lie(stage.bundle(shown), codes={"authorised": "operator_suspended"})


def suspension_shown_as_unwitnessed(stage: Stage, chance: Chance) -> Lie:
    waiting = stage.world.evidence(stage.suspension, cosigned={})
    bundle = stage.bundle(
        stage.shown(stage.after), operators=[stage.shown(stage.admitted), waiting]
    )
    return Lie(bundle, codes={"authorised": "operator_suspended"})


def kind_not_registered(stage: Stage, chance: Chance) -> Lie:
    world, scratch = stage.world, KitLog(stage.log.origin)
    compact = world.post("tianjin", stage.broker, "release", {"key": "REL:1"}, log=scratch).compact
    bundle = stage.bundle(witnessed(stage, grown(stage.log, compact)))
    return Lie(bundle, codes={"authorised": "operator_kind"})


def statement_meant_for_another_region(stage: Stage, chance: Chance) -> Lie:
    foreign = chance.one([*stage.events_hebei, *stage.open, stage.operator_hebei])
    bundle = stage.bundle(witnessed(stage, grown(stage.log, foreign.compact)))
    return Lie(bundle, codes={"authorised": "wrong_region"})


LIES = (
    closed_log_goes_on,
    closed_log_rewritten,
    closed_log_key_signs_the_next,
    epoch_exchanged,
    epoch_nobody_opened,
    log_of_another_network,
    author_nobody_registered,
    registered_after_the_record,
    registered_by_one_who_may_not,
    registered_in_another_region,
    registered_in_a_later_epoch,
    registered_where_nobody_witnessed,
    posted_after_suspension,
    suspension_shown_as_unwitnessed,
    kind_not_registered,
    statement_meant_for_another_region,
)
