"""Lies of a gateway, or anyone who hands bundles on: it signs nothing, and has all that was ever handed out.

And of authors who sign with a key of their own what is not theirs to say.
"""

from __future__ import annotations

from dataclasses import replace

from ledger.bundle import Evidence
from ledger.statement import base64url
from ledger.statement.issuing import issue
from ledger.statement.sdjwt import join, open_slots, parse
from ledger.testing.kit import Authority, uscc_of
from ledger.testing.kit.people import NOT_BEFORE, Firm
from tests.properties.verify.lie import (
    FAILED,
    PASSED,
    PENDING,
    UNKNOWN,
    Lie,
    grown,
    offered,
    with_leaf,
    witnessed,
)
from tests.properties.verify.notes import Proof
from tests.properties.verify.stage import KIND, Chance, Stage

FIELDS = ("price", "gross_kg", "net_kg")
REGIONS = ("beijing", "tianjin", "hebei")


# --- disclosures


def _disclosure(compact: str, name: str) -> str:
    """The disclosure that opens a field."""
    statement = parse(compact)
    for one in statement.disclosures:
        if (name,) in open_slots(parse(join(statement.signed, (one,)))).opened:
            return one
    raise LookupError(name)


def _exchanged(evidence: Evidence, mine: str, other: str) -> Evidence:
    return replace(evidence, statement=evidence.statement.replace(f"~{mine}~", f"~{other}~"))


def disclosure_of_another_record(stage: Stage, chance: Chance) -> Lie:
    one, two = chance.two(stage.records)
    name, other = chance.one(FIELDS), chance.one(FIELDS)
    shown = _exchanged(
        stage.shown(one), _disclosure(one.compact, name), _disclosure(two.compact, other)
    )
    codes = {"slots": "slots_field_changed"}
    return Lie(stage.bundle(shown), codes=codes, shown={"failed_field": name})


def disclosure_of_the_version_before(stage: Stage, chance: Chance) -> Lie:
    name = chance.one(FIELDS)
    old, new = _disclosure(stage.first.compact, name), _disclosure(stage.second.compact, name)
    shown = _exchanged(stage.shown(stage.second), new, old)
    codes = {"slots": "slots_field_changed"}
    return Lie(stage.bundle(shown), codes=codes, shown={"failed_field": name})


def disclosure_too_many(stage: Stage, chance: Chance) -> Lie:
    one, two = chance.two(stage.records)
    more = _disclosure(two.compact, chance.one(FIELDS))
    shown = stage.shown(one)
    shown = replace(shown, statement=f"{shown.statement}{more}~")
    return Lie(stage.bundle(shown), codes={"slots": "slots_foreign"})


# --- places


def statement_in_the_place_of_its_amendment(stage: Stage, chance: Chance) -> Lie:
    """Version 1 with the receipt of version 2, so that it looks like the newest."""
    one, two = chance.one([(stage.first, stage.second), (stage.second, stage.last)])
    bundle = stage.bundle(with_leaf(stage.shown(one), stage.shown(two)))
    return Lie(bundle, codes={"leaf": "leaf_other"})


def checkpoint_before_the_record(stage: Stage, chance: Chance) -> Lie:
    """A head from before the record was logged, given as the newest."""
    true = chance.one([*stage.records, stage.second, stage.last])
    size = chance.number(1, true.index) if true.index else 1
    stale = stage.log.checkpoint(size, stage.world.witnesses(stage.log, size))
    shown = stage.shown(true)
    proof = Proof.of(shown)
    path = f"{proof.path}\n\n{stale}"
    return Lie(stage.bundle(replace(shown, proof=path)), codes={"inclusion": "inclusion_invalid"})


def path_under_another_head(stage: Stage, chance: Chance) -> Lie:
    true = chance.one(stage.records)
    size = len(stage.log.leaves)
    other = chance.one(n for n in range(true.index + 1, size) if n != size)
    shown, path = stage.shown(true, size), stage.shown(true, other)
    bundle = stage.bundle(Proof.of(path).under(Proof.of(shown)).into(shown))
    return Lie(bundle, codes={"inclusion": "inclusion_invalid"})


def path_spliced(stage: Stage, chance: Chance) -> Lie:
    """Half of the path from one leaf's proof, the rest from another's under the same head."""
    size = len(stage.log.leaves)
    one, two = chance.two(stage.records)
    shown, other = stage.shown(one, size), stage.shown(two, size)
    mine, theirs = (Proof.of(evidence).path.split("\n") for evidence in (shown, other))
    # The first two lines name the format and the index.
    cut = chance.number(2, min(len(mine), len(theirs)) - 1)
    path = [*mine[:2], *theirs[2:cut], *mine[cut:]]
    if path == mine:
        path = [*mine[:2], *theirs[2:]]
    if path == mine:
        path[2:] = reversed(path[2:])
    bundle = stage.bundle(replace(Proof.of(shown), path="\n".join(path)).into(shown))
    return Lie(bundle, codes={"inclusion": "inclusion_invalid"})


def proof_of_another_tree(stage: Stage, chance: Chance) -> Lie:
    """The record's own leaf under another region's path and head."""
    true, other = chance.one(stage.records), chance.one(stage.events_hebei)
    shown = replace(stage.shown(true), proof=stage.shown(other).proof)
    return Lie(stage.bundle(shown), codes={"inclusion": "inclusion_invalid"})


def head_of_another_tree(stage: Stage, chance: Chance) -> Lie:
    """The record's own path under another region's head."""
    true, other = chance.one(stage.records), chance.one(stage.events_hebei)
    shown = stage.shown(true)
    proof = Proof.of(shown).under(Proof.of(stage.shown(other)))
    return Lie(stage.bundle(proof.into(shown)), codes={"inclusion": "inclusion_invalid"})


def witnesses_without_the_log(stage: Stage, chance: Chance) -> Lie:
    shown = stage.shown(chance.one(stage.records))
    proof = Proof.of(shown)
    bundle = stage.bundle(proof.signed(*proof.witnessed).into(shown))
    return Lie(bundle, codes={"log_signature": "log_signature_invalid"})


def a_cosignature_kept_back(stage: Stage, chance: Chance) -> Lie:
    shown = stage.shown(chance.one(stage.records))
    proof = Proof.of(shown)
    bundle = stage.bundle(proof.signed(proof.own, chance.one(proof.witnessed)).into(shown))
    return Lie(bundle, PENDING, {"quorum": "quorum_waits"})


# --- what is left out


def amendment_kept_back(stage: Stage, chance: Chance) -> Lie:
    """Nothing shown is false, so it is said that a later version may exist."""
    true = chance.one([stage.first, stage.second])
    return Lie(stage.bundle(stage.shown(true)), PASSED, {"latest": "latest_unknown"})


def amendment_beside(stage: Stage, chance: Chance) -> Lie:
    """An old version put first, as if it still held."""
    one, two = chance.one([(stage.first, stage.second), (stage.second, stage.last)])
    bundle = stage.bundle(stage.shown(one), stage.shown(two))
    return Lie(bundle, PASSED, {"latest": "latest_superseded"})


def region_said_to_be_silent(stage: Stage, chance: Chance) -> Lie:
    silent = chance.one(REGIONS)
    asked = {name: name != silent for name in REGIONS}
    if chance.heads():
        del asked[silent]
    bundle = stage.bundle(stage.shown(chance.one(stage.records)), asked=asked)
    return Lie(bundle, UNKNOWN, whole={"regions": "region_silent"})


def record_kept_back(stage: Stage, chance: Chance) -> Lie:
    """All regions are said to have answered, and one of the records is not there."""
    kept = chance.dice.sample(stage.records, len(stage.records) - 1)
    bundle = stage.bundle(*map(stage.shown, kept), asked=dict.fromkeys(REGIONS, True))
    return Lie(bundle, PASSED, {"latest": "latest_unknown"}, whole={"complete": "complete_unknown"})


def registration_kept_back(stage: Stage, chance: Chance) -> Lie:
    others = [stage.shown(one) for one in (stage.operator_hebei, stage.admitted)]
    bundle = stage.bundle(stage.shown(chance.one(stage.records)), operators=others)
    return Lie(bundle, UNKNOWN, {"authorised": "operator_absent"})


def registration_of_another_region(stage: Stage, chance: Chance) -> Lie:
    """The same firm is registered there, for the same kind."""
    other = [stage.shown(stage.operator_beijing)]
    bundle = stage.bundle(stage.shown(chance.one(stage.records)), operators=other)
    return Lie(bundle, UNKNOWN, {"authorised": "operator_absent"})


def certificates_kept_back(stage: Stage, chance: Chance) -> Lie:
    bundle = replace(stage.bundle(stage.shown(chance.one(stage.records))), certificates=())
    return Lie(bundle, UNKNOWN, {"authorised": "operator_uncertain"})


# --- authors


def _resigned(compact: str, old: str, new: str, by: Firm) -> str:
    """A statement with words of its payload exchanged, signed again by whoever it is."""
    signed, *rest = compact.split("~")
    header, payload, _ = signed.split(".")
    claims = base64url.decode(payload).replace(old.encode(), new.encode())
    text = f"{header}.{base64url.encode(claims)}"
    return "~".join([f"{text}.{base64url.encode(by.sign(text.encode()))}", *rest])


def name_of_another_firm(stage: Stage, chance: Chance) -> Lie:
    """The liar's own certificate and key, and the victim's name."""
    firm = chance.one([stage.gone, stage.newcomer])
    own = offered(stage, chance, author=firm)
    posted = grown(stage.log, _resigned(own, firm.iss, stage.broker.iss, firm))
    bundle = stage.bundle(witnessed(stage, posted))
    more = (*bundle.certificates, firm.certificate)
    return Lie(replace(bundle, certificates=more), codes={"certificate": "certificate_invalid"})


def key_of_another_firm(stage: Stage, chance: Chance) -> Lie:
    """The victim's name and certificate, and a signature by somebody else."""
    other = stage.world.firm("Thief", 81, stage.broker.alg)
    true = chance.one(stage.records).compact
    posted = grown(stage.log, _resigned(true, '"version":1', '"version":1', other))
    return Lie(stage.bundle(witnessed(stage, posted)), codes={"signature": "signature_invalid"})


def certificate_of_an_own_authority(stage: Stage, chance: Chance) -> Lie:
    own = Authority(chance.one(["Kit CA ", "Other CA"]))
    firm = own.admit("Broker", stage.broker.uscc)
    posted = grown(stage.log, offered(stage, chance, author=firm))
    bundle = stage.bundle(witnessed(stage, posted))
    more = (*bundle.certificates, own.certificate, firm.certificate)
    return Lie(replace(bundle, certificates=more), codes={"certificate": "certificate_invalid"})


def certificate_expired_by_then(stage: Stage, chance: Chance) -> Lie:
    """The region says that it took the record in while the certificate was good; its witnesses do not."""
    # The first heads of the stage are cosigned on 3 March; this certificate ended the day before.
    ended = NOT_BEFORE.replace(month=3, day=2)
    firm = stage.world.authority.admit("Late", uscc_of(82), valid=(NOT_BEFORE, ended))
    compact = offered(stage, chance, author=firm)
    posted = grown(stage.log, compact, received=int(ended.timestamp() - 3600) * 1000)
    bundle = stage.bundle(witnessed(stage, posted))
    more = (*bundle.certificates, firm.certificate)
    return Lie(replace(bundle, certificates=more), codes={"certificate": "certificate_invalid"})


def record_of_another_world(stage: Stage, chance: Chance) -> Lie:
    """A true statement of another network, logged here by a region that does not look."""
    claims = replace(stage.world.claims("tianjin", stage.broker, KIND), aud="demo-ffffffff/tianjin")
    compact = issue(claims, {"key": "DEC:X"}, stage.broker, stage.world.salt)
    posted = grown(stage.log, compact)
    return Lie(stage.bundle(witnessed(stage, posted)), FAILED, {"authorised": "wrong_region"})


LIES = (
    disclosure_of_another_record,
    disclosure_of_the_version_before,
    disclosure_too_many,
    statement_in_the_place_of_its_amendment,
    checkpoint_before_the_record,
    path_under_another_head,
    path_spliced,
    proof_of_another_tree,
    head_of_another_tree,
    witnesses_without_the_log,
    a_cosignature_kept_back,
    amendment_kept_back,
    amendment_beside,
    region_said_to_be_silent,
    record_kept_back,
    registration_kept_back,
    registration_of_another_region,
    certificates_kept_back,
    name_of_another_firm,
    key_of_another_firm,
    certificate_of_an_own_authority,
    certificate_expired_by_then,
    record_of_another_world,
)
