"""Leaf, inclusion, log signature, quorum: each is refused by its own check."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ledger.merkle.leaf import Leaf, encode_leaf
from ledger.merkle.proof import TlogProof, format_proof
from ledger.merkle.proofs import prove_inclusion
from ledger.testing.kit import START, World
from ledger.verify import State
from tests.unit.verify.scenes import KIND, Scene, failed, states


@pytest.fixture(scope="module")
def scene() -> Scene:
    return Scene()


@pytest.mark.parametrize("alg", ["ES256", "Ed25519"])
def test_a_good_record_passes_every_check_it_can(alg: str) -> None:
    report = Scene(alg).report()
    assert report.verdict is State.PASSED
    assert states(report) == {
        "signature": "passed signature_holds",
        "certificate": "passed certificate_holds",
        "authorised": "passed authorised_holds",
        "slots": "passed slots_hold",
        "leaf": "passed leaf_holds",
        "inclusion": "passed inclusion_holds",
        "log_signature": "passed log_signature_holds",
        "quorum": "passed quorum_holds",
        "chain": "unknown chain_offline",
        "latest": "unknown latest_unknown",
    }
    assert (report.region, report.index, report.kind, report.version) == ("tianjin", 1, KIND, 1)
    assert report.fields["net_kg"] == "1100"


def test_the_time_is_the_quorum_th_smallest_cosignature_time(scene: Scene) -> None:
    times = {"beijing": START + 900, "hebei": START + 700}
    assert scene.report(scene.evidence(cosigned=times)).time == (START + 900) * 1000
    lenient = scene.world.policy(quorum=1)
    report = scene.verify(scene.bundle(scene.evidence(cosigned=times)), policy=lenient)
    assert report.records[0].time == (START + 700) * 1000


def test_fewer_witnesses_than_the_quorum_are_pending_and_tell_no_time(scene: Scene) -> None:
    report = scene.report(scene.evidence(cosigned={"hebei": START}))
    assert report.verdict is State.PENDING
    assert states(report)["quorum"] == "pending quorum_waits"
    assert states(report)["certificate"] == "pending certificate_waits"
    assert report.time is None
    assert report.fields["net_kg"] == "1100"


def test_the_own_region_is_no_witness(scene: Scene) -> None:
    report = scene.report(scene.evidence(cosigned={"hebei": START, "tianjin": START}))
    assert states(report)["quorum"] == "pending quorum_waits"
    assert report.check("quorum").facts["count"] == 1


def test_a_policy_object_that_slips_the_own_region_in_still_counts_no_own_witness(
    scene: Scene,
) -> None:
    policy = scene.world.policy()
    log = next(log for log in policy.logs if log.origin.region == "tianjin")
    own = scene.world.log("tianjin").witness_vkey("tianjin")
    object.__setattr__(log, "witnesses", (own, log.witnesses[0]))
    signed = {"tianjin": START, "beijing": START}
    bundle = scene.bundle(scene.evidence(cosigned=signed), operators=[])
    report = scene.verify(bundle, policy=policy).records[0]
    assert states(report)["quorum"] == "pending quorum_waits"


def test_one_witness_signing_twice_counts_once_at_its_earliest_time(scene: Scene) -> None:
    log = scene.world.log("tianjin")
    size = len(log.leaves)
    late = log.checkpoint(size, {"hebei": START + 500}).rstrip("\n").split("\n")[-1]
    evidence = scene.evidence(cosigned={"hebei": START + 100})
    report = scene.report(replace(evidence, proof=evidence.proof + late + "\n"))
    assert report.check("quorum").facts["count"] == 1


def test_a_broken_cosignature_of_a_known_witness_fails(scene: Scene) -> None:
    log = scene.world.log("tianjin")
    stale = log.checkpoint(2, {"hebei": START}).rstrip("\n").split("\n")[-1]
    evidence = scene.evidence(cosigned={"beijing": START})
    report = scene.report(replace(evidence, proof=evidence.proof + stale + "\n"))
    assert failed(report) == {"quorum": "cosignature_invalid"}
    assert report.check("quorum").facts["witness"] == "hebei"


@pytest.mark.parametrize("seconds", [0, 2**62])
def test_a_cosignature_outside_the_calendar_fails(scene: Scene, seconds: int) -> None:
    report = scene.report(scene.evidence(cosigned={"beijing": START, "hebei": seconds}))
    assert failed(report) == {"quorum": "cosignature_invalid"}


def test_unknown_signers_are_ignored(scene: Scene) -> None:
    stranger = World("demo-00000000").log("tianjin").checkpoint(1, {"hebei": START})
    lines = "".join(line + "\n" for line in stranger.split("\n") if line.startswith("—"))
    evidence = scene.evidence()
    report = scene.report(replace(evidence, proof=evidence.proof + lines))
    assert report == scene.report()


def test_a_foreign_log_key_under_the_right_name_is_no_log_signature(scene: Scene) -> None:
    log = scene.world.log("tianjin")
    size = len(log.leaves)
    note = log.checkpoint(size, scene.world.witnesses(log, size))
    body, _, lines = note.partition("\n\n")
    kept = [line for line in lines.split("\n") if not line.startswith(f"— {log.origin} ")]
    proof = log.proof(1, size, body + "\n\n" + "\n".join(kept))
    report = scene.report(replace(scene.evidence(), proof=proof))
    assert failed(report) == {"log_signature": "log_signature_invalid"}
    assert states(report)["inclusion"] == "skipped not_checked"
    assert (report.origin, report.index, report.time) == (None, None, None)


def test_a_log_the_policy_does_not_name_fails(scene: Scene) -> None:
    other = World("demo-00000000", ("tianjin", "beijing", "hebei"))
    other.append(scene.record.compact, other.log("tianjin"))
    stray = other.evidence(replace(scene.record, log=other.log("tianjin"), index=0))
    report = scene.report(stray)
    assert failed(report) == {"log_signature": "log_unknown"}
    assert states(report)["quorum"] == "skipped not_checked"
    assert states(report)["authorised"] == "skipped not_checked"


def test_a_note_that_is_no_checkpoint_fails(scene: Scene) -> None:
    evidence = scene.evidence()
    report = scene.report(replace(evidence, proof=evidence.proof.replace("\n5\n", "\n05\n", 1)))
    assert failed(report) == {"log_signature": "log_signature_invalid"}
    assert states(report)["inclusion"] == "skipped not_checked"


def test_a_proof_that_is_no_proof_fails(scene: Scene) -> None:
    report = scene.report(replace(scene.evidence(), proof="nothing"))
    assert failed(report) == {"inclusion": "proof_malformed"}
    assert states(report)["log_signature"] == "skipped not_checked"
    assert states(report)["authorised"] == "skipped not_checked"
    assert report.time is None


def test_another_index_fails(scene: Scene) -> None:
    evidence = scene.evidence()
    report = scene.report(replace(evidence, proof=evidence.proof.replace("index 1", "index 0")))
    assert failed(report) == {"inclusion": "inclusion_invalid", "authorised": "operator_late"}


def test_a_leaf_of_another_record_fails(scene: Scene) -> None:
    other = scene.world.evidence(scene.operator)
    report = scene.report(replace(scene.evidence(), leaf=other.leaf, proof=other.proof))
    assert failed(report) == {"leaf": "leaf_other", "authorised": "operator_late"}
    assert report.origin is None


def test_a_changed_leaf_fails_its_own_check_or_inclusion(scene: Scene) -> None:
    evidence = scene.evidence()
    report = scene.report(replace(evidence, leaf=evidence.leaf + " "))
    assert failed(report) == {"leaf": "leaf_malformed", "inclusion": "inclusion_invalid"}
    later = evidence.leaf.replace('"received":17', '"received":18')
    assert failed(scene.report(replace(evidence, leaf=later))) == {"inclusion": "inclusion_invalid"}
    surrogate = scene.report(replace(evidence, leaf="\ud800"))
    assert failed(surrogate)["leaf"] == "leaf_malformed"


@pytest.mark.parametrize("prev", [0, 7])
def test_a_first_version_with_a_version_before_it_in_the_log_fails(prev: int) -> None:
    scene = Scene()
    log = scene.world.log("tianjin")
    claims = scene.world.post("tianjin", scene.broker, KIND, {"key": "DEC:2"})
    log.leaves.pop()
    leaf = Leaf(bytes.fromhex(claims.id), START * 1000, prev)
    posted = scene.world.append_leaf(claims.compact, log, leaf)
    assert failed(scene.of(posted, scene.operator)) == {"leaf": "leaf_contradicts"}


def test_a_later_version_whose_leaf_points_past_itself_fails() -> None:
    scene = Scene()
    second = scene.world.post("tianjin", scene.broker, KIND, {"key": "DEC:1"}, before=scene.record)
    assert scene.of(second, scene.operator).verdict is State.PASSED
    log = scene.world.log("tianjin")
    log.leaves[second.index] = encode_leaf(
        Leaf(bytes.fromhex(second.id), START * 1000, second.index)
    )
    assert failed(scene.of(second, scene.operator)) == {"leaf": "leaf_contradicts"}


def test_a_closed_log_vouches_up_to_its_closing_size_only() -> None:
    scene = Scene()
    log = scene.world.log("tianjin")
    scene.world.close("tianjin", 4)
    policy = scene.world.policy()

    def verdict(size: int) -> tuple[State, dict[str, str]]:
        operators = [scene.world.evidence(scene.operator, size=2)]
        bundle = scene.bundle(scene.evidence(size=size), operators=operators)
        report = scene.verify(bundle, policy=policy).records[0]
        return report.verdict, failed(report)

    assert verdict(3) == (State.PASSED, {})
    assert verdict(4) == (State.PASSED, {})
    assert verdict(5) == (State.FAILED, {"log_signature": "log_closed"})
    log.leaves[3] = encode_leaf(Leaf(bytes(32), START * 1000, -1))
    assert verdict(4) == (State.FAILED, {"log_signature": "log_closed"})


def test_a_fork_shown_to_one_witness_and_another_to_the_second_is_pending_in_each() -> None:
    scene = Scene()
    log = scene.world.log("tianjin")
    left = scene.evidence(cosigned={"beijing": START})
    other = scene.world.post("tianjin", scene.broker, KIND, {"key": "DEC:9"})
    forked = log.leaves.pop()
    log.leaves[-1] = forked
    size = len(log.leaves)
    note = log.checkpoint(size, {"hebei": START})
    hashes = tuple(prove_inclusion(log.hashes(size), size - 1))
    right = replace(
        scene.world.evidence(replace(other, index=size - 1)),
        proof=format_proof(TlogProof(size - 1, hashes, note)),
    )
    assert scene.report(left, operators=[]).verdict is State.PENDING
    assert states(scene.report(right, operators=[]))["quorum"] == "pending quorum_waits"
    # Together they are evidence: one log signed two roots for one size.
    both = scene.verify(scene.bundle(left, right, operators=[]))
    assert both.verdict is State.FAILED
    assert [failed(record) for record in both.records] == [{"log_signature": "log_forked"}] * 2


def test_two_leaves_at_one_index_under_different_sizes_are_a_fork() -> None:
    scene = Scene()
    log = scene.world.log("tianjin")
    good = scene.evidence(size=3)
    operator = scene.world.evidence(scene.operator, size=1)
    rewritten = scene.world.post("tianjin", scene.broker, KIND, {"key": "DEC:9"})
    log.leaves[1] = log.leaves.pop()
    bad = scene.world.evidence(replace(rewritten, index=1))
    report = scene.verify(scene.bundle(good, bad, operators=[operator]))
    assert [failed(record)["log_signature"] for record in report.records] == ["log_forked"] * 2
    # The registration stands in the forked log too, so it is no longer believed either.
    assert failed(report.records[0])["authorised"] == "operator_invalid"


def test_a_fork_of_one_log_leaves_the_others_alone() -> None:
    scene = Scene()
    log = scene.world.log("tianjin")
    terminal = scene.world.firm("Terminal", 2)
    operator = scene.world.register("hebei", terminal, ["equipment_event"])
    event = scene.world.post("hebei", terminal, "equipment_event", {"key": "EV:1"})
    good = scene.evidence()
    log.leaves[-1] = encode_leaf(Leaf(bytes(32), START * 1000, -1))
    bundle = scene.world.bundle(
        [good, scene.world.evidence(event)],
        [scene.world.evidence(scene.operator), scene.world.evidence(operator)],
    )
    report = scene.verify(bundle)
    assert [record.verdict for record in report.records] == [State.FAILED, State.PASSED]


def test_a_history_that_the_log_never_signed_proves_no_fork() -> None:
    scene = Scene()
    log = scene.world.log("tianjin")
    good, operator = scene.evidence(), scene.world.evidence(scene.operator)
    other = scene.world.post("tianjin", scene.broker, KIND, {"key": "DEC:9"})
    log.leaves[-2] = log.leaves.pop()
    size = len(log.leaves)
    forged = log.checkpoint(size, {}).replace(f"— {log.origin} ", f"— {log.origin}x ")
    lie = scene.world.evidence(replace(other, index=size - 1))
    bad = replace(lie, proof=log.proof(size - 1, size, forged))
    first, second = scene.verify(scene.bundle(good, bad, operators=[operator])).records
    assert first.verdict is State.PASSED
    assert failed(second)["log_signature"] == "log_signature_invalid"
