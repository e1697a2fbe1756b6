"""The chain check: facts handed in as data; a failed look-up never fails a record."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ledger.values import ChainIdentity, TreeHead
from ledger.verify import ChainReading, State
from ledger.verify.report import Check
from tests.unit.verify.scenes import Scene

RPC = "http://127.0.0.1:8545"


@pytest.fixture(scope="module")
def scene() -> Scene:
    return Scene()


@pytest.fixture(scope="module")
def reading(scene: Scene) -> ChainReading:
    return scene.world.reading(RPC)


def chain(scene: Scene, reading: ChainReading, **more: object) -> tuple[Check, State]:
    report = scene.verify(scene.bundle(scene.evidence(**more)), chain=reading).records[0]
    return report.check("chain"), report.verdict


def test_an_anchor_the_chain_shows_passes_and_names_the_rpc(
    scene: Scene, reading: ChainReading
) -> None:
    check, verdict = chain(scene, reading)
    assert (check.state, check.code, verdict) == (State.PASSED, "chain_holds", State.PASSED)
    assert RPC in check.reason
    assert check.facts["block_time"]


def test_failed_look_ups_are_unknown(scene: Scene, reading: ChainReading) -> None:
    silent = ChainReading(RPC, None, error="connection refused")
    check, verdict = chain(scene, silent)
    assert (check.code, verdict) == ("chain_unavailable", State.UNKNOWN)
    assert check.facts["detail"] == "connection refused"
    check, verdict = chain(scene, replace(reading, events={}))
    assert (check.code, check.state, verdict) == ("chain_not_read", State.UNKNOWN, State.UNKNOWN)


def test_another_chain_says_nothing(scene: Scene, reading: ChainReading) -> None:
    identity = reading.identity
    assert isinstance(identity, ChainIdentity)
    check, verdict = chain(scene, replace(reading, identity=replace(identity, chain_id=1)))
    assert (check.code, verdict) == ("chain_other", State.UNKNOWN)
    assert check.facts["differs"] == "chain_id"


def test_no_anchor_yet_is_pending(scene: Scene, reading: ChainReading) -> None:
    check, verdict = chain(scene, reading, anchored=False)
    assert (check.code, verdict) == ("chain_waits", State.PENDING)


def test_an_event_that_is_not_there_now_is_pending(scene: Scene, reading: ChainReading) -> None:
    check, verdict = chain(scene, replace(reading, events=dict.fromkeys(reading.events)))
    assert (check.code, verdict) == ("chain_no_event", State.PENDING)


@pytest.mark.parametrize(
    ("change", "name"),
    [
        ({"log_id": bytes(32)}, "log"),
        ({"head": TreeHead(4, bytes(32))}, "size, root"),
        ({"head": TreeHead(4, bytes(32)), "block_number": 1}, "size, root, block_number"),
        ({"transaction": bytes(32)}, "transaction"),
    ],
)
def test_an_event_that_says_something_else_fails(
    scene: Scene, reading: ChainReading, change: dict[str, object], name: str
) -> None:
    events = {key: replace(facts, **change) for key, facts in reading.events.items() if facts}
    check, verdict = chain(scene, replace(reading, events=events))
    assert (check.code, check.facts["differs"], verdict) == ("chain_differs", name, State.FAILED)


@pytest.mark.parametrize(
    ("change", "name"),
    [
        ({"block_number": 1, "block_hash": bytes(32)}, "block_number, block_hash"),
        ({"block_hash": bytes(32)}, "block_hash"),
        ({"log_index": 99}, "log_index"),
    ],
)
def test_the_same_event_at_another_place_is_pending(
    scene: Scene, reading: ChainReading, change: dict[str, object], name: str
) -> None:
    """After a reorganisation the file names a block that is gone, and nobody has changed it."""
    events = {key: replace(facts, **change) for key, facts in reading.events.items() if facts}
    check, verdict = chain(scene, replace(reading, events=events))
    assert (check.code, check.facts["differs"], verdict) == ("chain_moved", name, State.PENDING)


def test_without_a_known_log_there_is_nothing_to_compare(
    scene: Scene, reading: ChainReading
) -> None:
    broken = replace(scene.evidence(), proof="nothing")
    report = scene.verify(scene.bundle(broken), chain=reading).records[0]
    assert report.check("chain").state is State.SKIPPED


def test_offline_the_chain_is_unknown_and_changes_nothing_unless_the_policy_demands_it(
    scene: Scene,
) -> None:
    assert scene.verify().verdict is State.PASSED
    policy = scene.world.policy()
    strict = replace(policy, required=(*policy.required, "chain"))
    assert scene.verify(policy=strict).verdict is State.UNKNOWN
