"""A few of the splits that the scorecard counts in hundreds (row 21)."""

import pytest

from ledger.mirroring import comparing, findings, witness
from tests.unit.mirroring.splits import NAMES_OF_WAYS, WAYS, run, unmet


def test_two_histories_are_found_out_in_one_exchange():
    met, found = run(1, 4 * len(WAYS))
    assert found == []
    assert unmet(met, met.total()) == []


@pytest.mark.parametrize("way", ["anchored_history", "receipt_handed_over"])
def test_nor_do_stores_on_disk_hide_one(way, tmp_path):
    assert run(NAMES_OF_WAYS.index(way), 1, tmp_path, on_disk=True)[1] == []


def test_a_way_in_which_histories_never_met_is_missed():
    met = dict.fromkeys(NAMES_OF_WAYS, 2)
    assert unmet(met, 2 * len(WAYS)) == []
    del met["no_split"]
    assert unmet(met, 2 * len(WAYS)) == ["no_split"]


def cosigns_what_is_anchored(monkeypatch):
    """The witness does not look at the leaves that it holds."""

    async def believe(self, log, row):
        return row.checkpoint is not None

    monkeypatch.setattr(witness.Witness, "_holds", believe)
    return "anchored_history", "found"


def compares_nothing(monkeypatch):
    async def agree(self, origin, checkpoint):
        return False

    monkeypatch.setattr(comparing.Comparer, "_contradicts", agree)
    return "receipt_handed_to_its_home", "found"


def keeps_no_evidence(monkeypatch):
    async def forget(self, kind, subject, body):
        return

    monkeypatch.setattr(findings.Findings, "keep", forget)
    return "other_checkpoint_at_an_anchored_size", "found"


@pytest.mark.parametrize("plant", [cosigns_what_is_anchored, compares_nothing, keeps_no_evidence])
def test_a_look_that_is_left_out_lets_a_split_pass(plant, monkeypatch, tmp_path):
    way, invariant = plant(monkeypatch)
    [finding] = run(NAMES_OF_WAYS.index(way), 1, tmp_path)[1]
    assert finding.startswith(invariant)
