"""A server that lies is found out: a few hundred of the lies that the scorecard tells by the ten thousand."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from ledger.values import Millis
from ledger.verify import Check, State, authority, examining, receipt, verifier
from tests.properties.verify.lies import LIES, run, untold
from tests.properties.verify.lies_of_logs import LATER

CASES = 3 * len(LIES)


@pytest.mark.parametrize("seed", [1, 2])
def test_every_lie_is_found_out_by_the_check_that_is_meant_for_it(seed: int) -> None:
    told, findings = run(seed, CASES)
    assert findings == []
    assert untold(told, CASES) == []
    assert told.total() == CASES


def test_a_lie_that_is_never_told_is_missed() -> None:
    told = dict.fromkeys(LIES, 3)
    assert untold(told, 3 * len(LIES)) == []
    del told["path_spliced"]
    assert untold(told, 3 * len(LIES)) == ["path_spliced"]


def forks_overlooked(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    monkeypatch.setattr(verifier, "forked_origins", lambda receipts: ())
    return {"two_histories_of_one_size", "two_leaves_at_one_place"}


def paths_unchecked(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    monkeypatch.setattr(receipt, "check_inclusion", lambda *_: None)
    return {"index_restated", "path_spliced", "proof_of_another_tree", "epoch_exchanged"}


def cosignatures_unchecked(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    monkeypatch.setattr(receipt, "check_cosignature", lambda *_: LATER)
    return {"history_with_borrowed_cosignatures", "cosignatures_of_another_log"}


def any_region_will_do(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    monkeypatch.setattr(authority, "check_region", lambda *_: None)
    return {"record_of_another_world"}


def anchors_not_compared(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    def believe(anchor: object, case: object, policy: object, reading: object) -> Check:
        return Check("chain", State.PASSED, "chain_holds", {"block_time": Millis(0)})

    monkeypatch.setattr(examining, "check_chain", believe)
    return {"anchor_invented", "block_invented", "history_under_the_true_anchor"}


def registrations_of_any_time(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    monkeypatch.setattr(authority.Registration, "place", (0, -1))
    return {"registered_after_the_record", "registered_in_a_later_epoch"}


@pytest.mark.parametrize(
    "plant",
    [
        forks_overlooked,
        paths_unchecked,
        cosignatures_unchecked,
        any_region_will_do,
        anchors_not_compared,
        registrations_of_any_time,
    ],
)
def test_a_check_that_is_left_out_lets_a_lie_pass(
    monkeypatch: pytest.MonkeyPatch, plant: Callable[[pytest.MonkeyPatch], set[str]]
) -> None:
    believed = plant(monkeypatch)
    _, findings = run(3, len(LIES))
    assert believed <= {one.split(": ")[2] for one in findings}
