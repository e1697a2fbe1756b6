"""The file as a whole: unreadable files, silent regions, versions, plain files."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ledger.bundle import Asked, encode_bundle
from ledger.verify import Report, State, Verifier, verify_document, verify_file
from ledger.verify.memory import Memory
from tests.unit.verify.scenes import AT, FIELDS, KIND, Scene, states

DIGEST = bytes(range(32))
FILE = {"key": f"DOC:{DIGEST.hex()}", "sha256": DIGEST.hex(), "size": 1234}


@pytest.fixture(scope="module")
def scene() -> Scene:
    return Scene()


def test_a_file_that_is_no_bundle_fails_and_raises_nothing(scene: Scene) -> None:
    report = verify_file(b"PK\x03\x04", scene.world.policy(), at=AT)
    assert (report.verdict, report.records, report.at) == (State.FAILED, (), AT)
    assert [(check.name, check.code) for check in report.checks] == [
        ("bundle", "bundle_unreadable")
    ]


def test_a_bundle_file_passes(scene: Scene) -> None:
    report = verify_file(encode_bundle(scene.bundle()), scene.world.policy(), at=AT)
    assert report.verdict is State.PASSED


ALL = (("beijing", True), ("tianjin", True), ("hebei", True))


@pytest.mark.parametrize(
    ("regions", "verdict", "named"),
    [
        (ALL, State.PASSED, None),
        ((*ALL[:2], ("hebei", False)), State.UNKNOWN, "hebei"),
        (ALL[:2], State.UNKNOWN, "hebei"),
        ((), State.UNKNOWN, "beijing, tianjin, hebei"),
        ((*ALL, ("tianjin-2", False)), State.UNKNOWN, "tianjin-2"),
    ],
)
def test_a_silent_region_leaves_a_dossier_unknown_but_no_record(
    scene: Scene, regions: tuple[tuple[str, bool], ...], verdict: State, named: str | None
) -> None:
    report = scene.verify(replace(scene.bundle(), asked=Asked("DEMU0000016", regions)))
    assert report.verdict is verdict
    assert report.records[0].verdict is State.PASSED
    checks = {check.name: check for check in report.checks}
    assert checks["regions"].facts.get("regions") == named
    assert checks["complete"].state is State.UNKNOWN


def test_a_bundle_takes_the_worst_of_its_records(scene: Scene) -> None:
    world = scene.world
    second = world.post("tianjin", scene.broker, KIND, FIELDS)
    pending = world.evidence(second, cosigned={})
    assert scene.verify(scene.bundle(scene.evidence(), pending)).verdict is State.PENDING
    failed = replace(world.evidence(second), leaf="x")
    assert scene.verify(scene.bundle(scene.evidence(), failed)).verdict is State.FAILED


def test_a_later_version_in_the_bundle_is_said_and_changes_no_verdict() -> None:
    scene = Scene()
    world = scene.world
    second = world.post("tianjin", scene.broker, KIND, FIELDS, before=scene.record)
    third = world.post("tianjin", scene.broker, KIND, FIELDS, before=second)
    evidences = [world.evidence(item) for item in (third, scene.record, second)]
    operators = [world.evidence(scene.operator)]
    reports = scene.verify(world.bundle(evidences, operators)).records
    said = [report.check("latest") for report in reports]
    assert [check.code for check in said] == ["latest_unknown"] + ["latest_superseded"] * 2
    assert [check.facts.get("version") for check in said] == [None, 2, 3]
    assert {report.verdict for report in reports} == {State.PASSED}
    broken = [evidences[1], replace(evidences[2], leaf="x")]
    reports = scene.verify(world.bundle(broken, operators)).records
    assert states(reports[0])["latest"] == "unknown latest_unknown"
    unreadable = [evidences[1], replace(evidences[2], statement="x")]
    assert scene.verify(world.bundle(unreadable, operators)).records[1].id == ""


def test_a_verifier_remembers_only_so_much(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    memory: Memory[int, int] = Memory(2)
    made: list[int] = []
    for key in (1, 1, 2, 3, 1):
        memory.recall(key, lambda key=key: made.append(key) or key)  # type: ignore[misc]
    assert made == [1, 2, 3, 1]
    verifier = Verifier(scene.world.policy())
    first = verifier.verify(scene.bundle(), at=AT)
    assert verifier.verify(scene.bundle(), at=AT) == first


# --- plain files


def report_on_file(
    scene: Scene, *, fields: dict[str, object] | None = None, **more: object
) -> Report:
    world = scene.world
    posted = world.post("tianjin", scene.broker, "document", fields or FILE)
    bundle = world.bundle([world.evidence(posted, **more)], [world.evidence(scene.operator)])
    return scene.verify(bundle)


def test_the_file_that_a_record_names_passes(scene: Scene) -> None:
    report = report_on_file(scene)
    check = verify_document(DIGEST, 1234, report)
    assert (check.state, check.code) == (State.PASSED, "document_holds")
    assert check.facts["record"] == report.records[0].id


@pytest.mark.parametrize(("digest", "size"), [(bytes(32), 1234), (DIGEST, 1233)])
def test_another_file_fails(scene: Scene, digest: bytes, size: int) -> None:
    check = verify_document(digest, size, report_on_file(scene))
    assert (check.state, check.code) == (State.FAILED, "document_differs")


def test_a_file_is_worth_no_more_than_its_record(scene: Scene) -> None:
    check = verify_document(DIGEST, 1234, report_on_file(scene, cosigned={}))
    assert (check.state, check.code) == (State.PENDING, "document_unproven")


def test_a_bundle_without_documents_names_no_file(scene: Scene) -> None:
    check = verify_document(DIGEST, 1234, scene.verify())
    assert (check.state, check.code) == (State.FAILED, "document_absent")


def test_a_closed_fingerprint_cannot_be_compared(scene: Scene) -> None:
    report = report_on_file(scene, wanted=lambda path: path[0] != "size")
    check = verify_document(DIGEST, 1234, report)
    assert (check.state, check.code) == (State.UNKNOWN, "document_closed")
