"""Lies of a region that holds its own log key and its own witness's, and may have deceived one witness.

It signs whatever it likes; the other regions' cosignatures, the chain and the authors it has only as they
were given.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from ledger.errors import VerificationError
from ledger.merkle.hashing import leaf_hash
from ledger.merkle.note import NoteSignature, format_signature
from ledger.merkle.proof import parse_proof
from ledger.merkle.proofs import check_inclusion
from ledger.testing.kit import START, KitLog, NoteKey, Posted
from ledger.testing.kit.people import ed25519_key
from ledger.values import TreeHead, witness_name
from tests.properties.verify.lie import (
    PASSED,
    PENDING,
    Lie,
    copied,
    grown,
    offered,
    rewritten,
    with_leaf,
    witnessed,
)
from tests.properties.verify.notes import Proof, cosigned_line, line_of, text_of
from tests.properties.verify.stage import Chance, Stage

OTHERS = ("beijing", "hebei")
LATER = START + 200_000
WAITS = {"quorum": "quorum_waits", "log_signature": "log_signature_holds"}


@dataclass(frozen=True)
class ImpostorKey(NoteKey):
    """A key of the liar's under somebody else's name."""

    @property
    def public_key(self) -> bytes:
        return ed25519_key(f"impostor {self.name}").public_key().public_bytes_raw()

    def sign(self, message: bytes) -> bytes:
        return ed25519_key(f"impostor {self.name}").sign(message)


def _forked(stage: Stage, chance: Chance) -> tuple[Posted, Posted, int]:
    """The record as it was logged, what the other history has in its place, and an anchored size of both."""
    true = chance.one(stage.records)
    return (
        true,
        rewritten(stage.log, true.index, offered(stage, chance)),
        chance.one(stage.sizes(true)),
    )


def apart(stage: Stage, chance: Chance) -> tuple[Posted, int]:
    """Another history, and a size of which the bundle shows no other root: nothing but it is judged."""
    true, fork, _ = _forked(stage, chance)
    return fork, chance.one(n for n in _unshown(stage) if n > true.index)


def _unshown(stage: Stage) -> list[int]:
    """Sizes of Tianjin's log under which no registration is shown."""
    shown = {stage.sizes(one)[0] for one in (stage.operator, stage.admitted, stage.suspension)}
    return [size for size in range(1, len(stage.log.leaves) + 1) if size not in shown]


# --- two histories


def history_signed_alone(stage: Stage, chance: Chance) -> Lie:
    fork, size = apart(stage, chance)
    return Lie(stage.bundle(stage.world.evidence(fork, size=size, cosigned={})), PENDING, WAITS)


def history_with_own_witness(stage: Stage, chance: Chance) -> Lie:
    fork, size = apart(stage, chance)
    shown = stage.world.evidence(fork, size=size, cosigned={"tianjin": LATER})
    return Lie(stage.bundle(shown), PENDING, WAITS)


def history_with_one_witness_deceived(stage: Stage, chance: Chance) -> Lie:
    fork, size = apart(stage, chance)
    signed = {chance.one(OTHERS): LATER, "tianjin": LATER}
    return Lie(stage.bundle(stage.world.evidence(fork, size=size, cosigned=signed)), PENDING, WAITS)


def one_witness_counted_twice(stage: Stage, chance: Chance) -> Lie:
    fork, size = apart(stage, chance)
    name = chance.one(OTHERS)
    shown = stage.world.evidence(fork, size=size, cosigned={name: LATER})
    proof = Proof.of(shown)
    again = cosigned_line(fork.log.witness_of(name), proof.text, LATER + chance.number(1, 999))
    return Lie(stage.bundle(proof.signed(*proof.lines, again).into(shown)), PENDING, WAITS)


def history_with_borrowed_cosignatures(stage: Stage, chance: Chance) -> Lie:
    true, fork, size = _forked(stage, chance)
    shown = stage.world.evidence(fork, size=size, cosigned={})
    lent = Proof.of(stage.shown(true, size)).witnessed
    proof = Proof.of(shown)
    bundle = stage.bundle(proof.signed(proof.own, *lent).into(shown))
    return Lie(bundle, codes={"quorum": "cosignature_invalid"})


def cosignatures_of_another_size(stage: Stage, chance: Chance) -> Lie:
    true = chance.one(stage.records)
    size = chance.one(stage.sizes(true))
    other = chance.one(one for one in stage.anchored[str(stage.log.origin)] if one != size)
    shown = stage.shown(true, size)
    lent = stage.log.checkpoint(other, stage.world.witnesses(stage.log, other))
    lines = [line for line in lent.splitlines(keepends=True) if "/witness " in line]
    proof = Proof.of(shown)
    bundle = stage.bundle(proof.signed(proof.own, *lines).into(shown))
    return Lie(bundle, codes={"quorum": "cosignature_invalid"})


def cosignatures_of_another_log(stage: Stage, chance: Chance) -> Lie:
    """The one region that witnesses both logs signed the other log's head, at the very same size."""
    _, fork, _ = _forked(stage, chance)
    hebei = stage.world.log("hebei")
    size = max(min(len(hebei.leaves), len(fork.log.leaves)), fork.index + 1)
    shown = stage.world.evidence(fork, size=size, cosigned={"hebei": LATER})
    text = text_of(hebei, TreeHead(size, fork.log.head(size).root))
    proof = Proof.of(shown)
    lent = cosigned_line(hebei.witness_of("beijing"), text, LATER)
    bundle = stage.bundle(proof.signed(*proof.lines, lent).into(shown))
    return Lie(bundle, codes={"quorum": "cosignature_invalid"})


def two_histories_of_one_size(stage: Stage, chance: Chance) -> Lie:
    true, fork, size = _forked(stage, chance)
    pair = [stage.shown(true, size), stage.world.evidence(fork, size=size, cosigned={})]
    about = chance.number(0, 1)
    bundle = stage.bundle(*(pair if chance.heads() else pair[::-1]))
    return Lie(bundle, codes={"log_signature": "log_forked"}, about=about)


def two_leaves_at_one_place(stage: Stage, chance: Chance) -> Lie:
    """Each history at a size of its own, so that no two roots can be compared."""
    true, fork, size = _forked(stage, chance)
    other = chance.one(n for n in range(true.index + 1, len(stage.log.leaves) + 1) if n != size)
    pair = [stage.shown(true, size), stage.world.evidence(fork, size=other, cosigned={})]
    bundle = stage.bundle(*(pair if chance.heads() else pair[::-1]))
    return Lie(bundle, codes={"log_signature": "log_forked"}, about=chance.number(0, 1))


def two_histories_in_the_registrations(stage: Stage, chance: Chance) -> Lie:
    """The record stands in the true history, its author's registration in the other one."""
    true, fork, size = _forked(stage, chance)
    operator = Posted(fork.log, stage.operator.index, stage.operator.compact)
    shown = stage.world.evidence(operator, size=size, cosigned={})
    bundle = stage.bundle(stage.shown(true, size), operators=[shown])
    return Lie(bundle, codes={"log_signature": "log_forked", "authorised": "operator_invalid"})


# --- signatures of others


def own_key_under_a_witness_name(stage: Stage, chance: Chance) -> Lie:
    fork, size = apart(stage, chance)
    name = chance.one(OTHERS)
    shown = stage.world.evidence(fork, size=size, cosigned={n: LATER for n in OTHERS if n != name})
    proof = Proof.of(shown)
    key = ImpostorKey(witness_name(stage.world.network, name))
    line = cosigned_line(key, proof.text, LATER)
    return Lie(stage.bundle(proof.signed(*proof.lines, line).into(shown)), PENDING, WAITS)


def own_key_under_a_witness_key_id(stage: Stage, chance: Chance) -> Lie:
    fork, size = apart(stage, chance)
    name = chance.one(OTHERS)
    shown = stage.world.evidence(fork, size=size, cosigned={n: LATER for n in OTHERS if n != name})
    proof = Proof.of(shown)
    key = ImpostorKey(witness_name(stage.world.network, name))
    signed = key.sign(f"cosignature/v1\ntime {LATER}\n{proof.text}".encode())
    key_hash = fork.log.witness_vkey(name).key_hash
    line = format_signature(NoteSignature(key.name, key_hash, LATER.to_bytes(8, "big") + signed))
    bundle = stage.bundle(proof.signed(*proof.lines, line).into(shown))
    return Lie(bundle, codes={"quorum": "cosignature_invalid"})


def quorum_of_strangers(stage: Stage, chance: Chance) -> Lie:
    fork, size = apart(stage, chance)
    shown = stage.world.evidence(fork, size=size, cosigned={})
    proof = Proof.of(shown)
    names = ["atlantis", "shanghai", "tianjin"][: chance.number(2, 3)]
    keys = [ImpostorKey(witness_name(stage.world.network, name)) for name in names]
    lines = [cosigned_line(key, proof.text, LATER) for key in keys]
    return Lie(stage.bundle(proof.signed(*proof.lines, *lines).into(shown)), PENDING, WAITS)


def log_key_of_an_impostor(stage: Stage, chance: Chance) -> Lie:
    true = chance.one(stage.records)
    shown = stage.shown(true)
    proof = Proof.of(shown)
    line = line_of(ImpostorKey(str(stage.log.origin)), proof.text)
    bundle = stage.bundle(proof.signed(line, *proof.witnessed).into(shown))
    return Lie(bundle, codes={"log_signature": "log_signature_invalid"})


# --- index, size, leaf


def size_restated(stage: Stage, chance: Chance) -> Lie:
    """The true root said to be that of another size, for which the path fits just as well."""
    true, size, other = chance.one(_fitting(stage))
    shown = stage.shown(true, size)
    text = text_of(stage.log, TreeHead(other, stage.log.head(size).root))
    proof = replace(Proof.of(shown), text=text)
    own = line_of(stage.log.key, text)
    if chance.heads():
        return Lie(stage.bundle(proof.signed(own).into(shown)), PENDING, WAITS)
    bundle = stage.bundle(proof.signed(own, *proof.witnessed).into(shown))
    return Lie(bundle, codes={"quorum": "cosignature_invalid"})


def _fitting(stage: Stage) -> list[tuple[Posted, int, int]]:
    """Records, anchored sizes, and other sizes for which their paths there lead to the same root."""
    found = []
    unshown = set(_unshown(stage))
    for true in stage.records:
        for size in stage.sizes(true):
            path, head = parse_proof(stage.shown(true, size).proof), stage.log.head(size)
            hashed = leaf_hash(stage.log.leaves[true.index])
            for other in sorted(unshown - {*range(true.index + 1), size}):
                try:
                    check_inclusion(hashed, path.index, TreeHead(other, head.root), path.hashes)
                except VerificationError:
                    continue
                found.append((true, size, other))
    return found


def index_restated(stage: Stage, chance: Chance) -> Lie:
    true = chance.one(stage.records)
    size = chance.one(stage.sizes(true))
    shown = stage.shown(true, size)
    other = chance.one(n for n in range(size + 2) if n != true.index)
    bundle = stage.bundle(Proof.of(shown).at(other).into(shown))
    return Lie(bundle, codes={"inclusion": "inclusion_invalid"})


def leaf_backdated(stage: Stage, chance: Chance) -> Lie:
    true = chance.one(stage.records)
    fork = copied(stage.log)
    shown = stage.shown(true)
    line = shown.leaf.replace('"received":1', '"received":0' if chance.heads() else '"received":2')
    assert fork.leaves[true.index].decode() == shown.leaf != line
    check = "leaf_malformed" if '"received":0' in line else "leaf_holds"
    codes = {"leaf": check, "inclusion": "inclusion_invalid"}
    return Lie(stage.bundle(replace(shown, leaf=line)), codes=codes)


def leaf_of_another_record(stage: Stage, chance: Chance) -> Lie:
    one, two = chance.two([*stage.records, stage.second, stage.operator])
    bundle = stage.bundle(with_leaf(stage.shown(one), stage.shown(two)))
    return Lie(bundle, codes={"leaf": "leaf_other"})


def first_version_with_a_past(stage: Stage, chance: Chance) -> Lie:
    posted = grown(
        stage.log, offered(stage, chance), prev=chance.number(0, len(stage.log.leaves) - 1)
    )
    return Lie(stage.bundle(witnessed(stage, posted)), codes={"leaf": "leaf_contradicts"})


def version_before_itself(stage: Stage, chance: Chance) -> Lie:
    compact = stage.declare(stage.first, log=KitLog(stage.log.origin), change="amended").compact
    last = len(stage.log.leaves)
    posted = grown(stage.log, compact, prev=last + chance.number(0, 5))
    return Lie(stage.bundle(witnessed(stage, posted)), codes={"leaf": "leaf_contradicts"})


def time_said_to_be_earlier(stage: Stage, chance: Chance) -> Lie:
    """The region logs today and says it was last month: the witnesses' time is shown, not its word."""
    posted = grown(stage.log, offered(stage, chance), received=1_700_000_000_000)
    size = len(posted.log.leaves)
    times = sorted(stage.world.witnesses(posted.log, size).values())
    bundle = stage.bundle(witnessed(stage, posted))
    return Lie(bundle, PASSED, shown={"time": times[1] * 1000})


LIES = (
    history_signed_alone,
    history_with_own_witness,
    history_with_one_witness_deceived,
    one_witness_counted_twice,
    history_with_borrowed_cosignatures,
    cosignatures_of_another_size,
    cosignatures_of_another_log,
    two_histories_of_one_size,
    two_leaves_at_one_place,
    two_histories_in_the_registrations,
    own_key_under_a_witness_name,
    own_key_under_a_witness_key_id,
    quorum_of_strangers,
    log_key_of_an_impostor,
    size_restated,
    index_restated,
    leaf_backdated,
    leaf_of_another_record,
    first_version_with_a_past,
    version_before_itself,
    time_said_to_be_earlier,
)
