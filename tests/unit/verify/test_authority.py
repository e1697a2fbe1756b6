"""The right to post: who registered the author, where, when, and for what."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ledger.statement.jose import write_header
from ledger.statement.limits import TYP
from ledger.statement.sdjwt import join, parse
from ledger.testing.kit import START
from ledger.verify import State
from tests.unit.verify.scenes import KIND, Scene, failed, states


@pytest.fixture
def scene() -> Scene:
    return Scene()


def test_an_operator_record_stands_by_the_policys_registrar(scene: Scene) -> None:
    report = scene.of(scene.operator)
    assert report.verdict is State.PASSED
    assert states(report)["authorised"] == "passed authorised_registrar"


def test_an_operator_record_by_somebody_else_does_not(scene: Scene) -> None:
    false = scene.world.register(
        "tianjin", scene.world.firm("New", 3), [KIND], registrar=scene.broker
    )
    report = scene.of(false, scene.operator)
    assert failed(report) == {"authorised": "registrar_unlisted"}


def test_a_registrar_of_another_region_registers_nobody_here(scene: Scene) -> None:
    firm = scene.world.firm("New", 3)
    beijing = scene.world.registrars["beijing"]
    operator = scene.world.register("tianjin", firm, [KIND], registrar=beijing)
    posted = scene.world.post("tianjin", firm, KIND, {"key": "DEC:5"})
    assert failed(scene.of(posted, operator)) == {"authorised": "operator_invalid"}


def test_a_record_before_its_registration_fails(scene: Scene) -> None:
    firm = scene.world.firm("Hasty", 3)
    posted = scene.world.post("tianjin", firm, KIND, {"key": "DEC:5"})
    operator = scene.world.register("tianjin", firm, [KIND])
    assert failed(scene.of(posted, operator)) == {"authorised": "operator_late"}


def test_a_registration_in_another_region_does_not_count(scene: Scene) -> None:
    firm = scene.world.firm("Abroad", 3)
    operator = scene.world.register("hebei", firm, [KIND])
    posted = scene.world.post("tianjin", firm, KIND, {"key": "DEC:5"})
    report = scene.of(posted, operator)
    assert states(report)["authorised"] == "unknown operator_absent"
    assert report.verdict is State.UNKNOWN


def test_a_kind_that_is_not_listed_fails(scene: Scene) -> None:
    posted = scene.world.post("tianjin", scene.broker, "release", {"key": "REL:1"})
    report = scene.of(posted, scene.operator)
    assert failed(report) == {"authorised": "operator_kind"}


def test_a_suspension_logged_before_the_record_fails_it_and_only_it(scene: Scene) -> None:
    suspended = scene.world.register(
        "tianjin", scene.broker, [KIND], status="suspended", before=scene.operator
    )
    later = scene.world.post("tianjin", scene.broker, KIND, {"key": "DEC:5"})
    for order in ([scene.operator, suspended], [suspended, scene.operator]):
        assert failed(scene.of(later, *order)) == {"authorised": "operator_suspended"}
        assert scene.of(scene.record, *order).verdict is State.PASSED
    again = scene.world.register("tianjin", scene.broker, [KIND], before=suspended)
    last = scene.world.post("tianjin", scene.broker, KIND, {"key": "DEC:6"})
    assert scene.of(last, scene.operator, suspended, again).verdict is State.PASSED
    # The bundle cannot show that nothing was left out: without the suspension the record passes.
    assert scene.of(later, scene.operator).verdict is State.PASSED


def test_a_suspension_still_waiting_for_witnesses_counts(scene: Scene) -> None:
    suspended = scene.world.register(
        "tianjin", scene.broker, [KIND], status="suspended", before=scene.operator
    )
    later = scene.world.post("tianjin", scene.broker, KIND, {"key": "DEC:5"})
    world = scene.world
    waiting = world.evidence(suspended, size=suspended.index + 1, cosigned={})
    bundle = world.bundle([world.evidence(later)], [world.evidence(scene.operator), waiting])
    assert failed(scene.verify(bundle).records[0]) == {"authorised": "operator_suspended"}


def test_a_registration_waiting_for_witnesses_is_pending(scene: Scene) -> None:
    world = scene.world
    waiting = world.evidence(scene.operator, size=1, cosigned={"hebei": START})
    report = scene.report(operators=[waiting])
    assert states(report)["authorised"] == "pending operator_waits"
    assert report.verdict is State.PENDING
    # An older one that has them carries the record meanwhile.
    newer = world.register("tianjin", scene.broker, [KIND], before=scene.operator)
    later = world.post("tianjin", scene.broker, KIND, {"key": "DEC:5"})
    fresh = world.evidence(newer, size=newer.index + 1, cosigned={})
    bundle = world.bundle([world.evidence(later)], [world.evidence(scene.operator), fresh])
    assert scene.verify(bundle).verdict is State.PASSED


def test_a_registration_with_a_broken_proof_fails_the_record(scene: Scene) -> None:
    broken = scene.world.evidence(scene.operator)
    broken = replace(broken, proof=broken.proof.replace("index 0", "index 1"))
    report = scene.report(operators=[broken])
    # At its claimed place it is not even earlier; whichever reason, it registers nobody.
    assert report.verdict is State.FAILED
    wrong_leaf = replace(scene.world.evidence(scene.operator), leaf=scene.evidence().leaf)
    report = scene.report(operators=[wrong_leaf])
    assert failed(report) == {"authorised": "operator_invalid"}
    assert report.check("authorised").facts["because"] in ("leaf", "inclusion")


def test_a_registration_whose_registrar_is_missing_cannot_be_checked(scene: Scene) -> None:
    bundle = replace(scene.bundle(), certificates=())
    report = scene.verify(bundle).records[0]
    assert states(report)["authorised"] == "unknown operator_uncertain"
    assert report.verdict is State.UNKNOWN


def test_a_registration_without_a_place_registers_nobody(scene: Scene) -> None:
    lost = replace(scene.world.evidence(scene.operator), proof="nothing")
    report = scene.report(operators=[lost])
    assert states(report)["authorised"] == "unknown operator_absent"


def test_a_registration_that_cannot_be_read_is_said(scene: Scene) -> None:
    statement = parse(scene.operator.compact)
    cut = replace(
        scene.world.evidence(scene.operator),
        statement=join(statement.signed, statement.disclosures[:3]),
    )
    report = scene.report(operators=[cut])
    assert states(report)["authorised"] == "unknown operator_unreadable"
    no_operator = scene.report(operators=[scene.evidence()])
    assert states(no_operator)["authorised"] == "unknown operator_unreadable"
    broken = replace(scene.evidence(), statement="x")
    assert states(scene.report(operators=[broken]))["authorised"] == "unknown operator_unreadable"


@pytest.mark.parametrize("kind", [KIND, "operator"])
def test_a_statement_posted_in_another_region_fails(scene: Scene, kind: str) -> None:
    world = scene.world
    original = scene.record if kind == KIND else scene.operator
    posted = world.append(original.compact, world.log("hebei"))
    assert failed(scene.of(posted, scene.operator)) == {"authorised": "wrong_region"}


def test_a_registration_of_the_closed_epoch_holds_in_the_next(scene: Scene) -> None:
    world = scene.world
    old = len(world.log("tianjin").leaves)
    world.close("tianjin", old)
    posted = world.post("tianjin", scene.broker, KIND, {"key": "DEC:1"}, before=scene.record)
    assert posted.index == 0
    bundle = world.bundle([world.evidence(posted)], [world.evidence(scene.operator, size=old)])
    report = scene.verify(bundle).records[0]
    assert report.verdict is State.PASSED
    assert report.origin == f"{world.network}/tianjin/2"
    # And never the other way round: a registration of epoch 2 says nothing about epoch 1.
    firm = world.firm("Late", 6)
    late = world.register("tianjin", firm, [KIND])
    early = world.post("tianjin", firm, KIND, {"key": "DEC:7"}, log=world.logs["tianjin"][0])
    bundle = world.bundle([world.evidence(early)], [world.evidence(late)])
    assert failed(scene.verify(bundle).records[0])["authorised"] == "operator_late"


def test_an_operator_record_in_a_log_nobody_knows_is_not_judged(scene: Scene) -> None:
    policy = scene.world.policy()
    policy = replace(policy, logs=policy.logs[:1])
    bundle = scene.world.bundle([scene.world.evidence(scene.operator)], [])
    report = scene.verify(bundle, policy=policy).records[0]
    assert failed(report) == {"log_signature": "log_unknown"}
    assert states(report)["authorised"] == "skipped not_checked"


def test_a_kid_that_is_no_digest_is_nobodys(scene: Scene) -> None:
    evidence = scene.world.evidence(scene.operator)
    _, rest = evidence.statement.split(".", 1)
    header = write_header("ES256", TYP, "somebody")
    renamed = replace(evidence, statement=f"{header}.{rest}")
    report = scene.verify(scene.world.bundle([renamed], [])).records[0]
    assert failed(report)["authorised"] == "registrar_unlisted"
