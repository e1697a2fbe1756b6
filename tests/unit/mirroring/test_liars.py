"""A peer that lies to one region: a few of the lies that the scorecard tells by the hundred (row 20)."""

import pytest

from ledger.mirroring import collecting, mirror
from ledger.mirroring.collecting import Collector
from ledger.mirroring.witness import Witness
from tests.unit.mirroring.liars import LIES, NAMES_OF_LIES, run, untold


def test_no_lie_of_a_peer_is_held_or_signed_unsaid():
    told, findings = run(1, 2 * len(LIES))
    assert findings == []
    assert untold(told, told.total()) == []


def statements_unread(monkeypatch):
    monkeypatch.setattr(mirror, "names", lambda *_: True)
    return "statement_exchanged"


def checkpoints_unread(monkeypatch):
    async def fits(self, row, note):
        return True

    monkeypatch.setattr(Collector, "_fits", fits)
    return "checkpoint_of_another_root"


def cosignatures_unread(monkeypatch):
    monkeypatch.setattr(collecting, "check_cosignature", lambda *_: 1)
    return "cosignature_of_another_root"


def leaves_unread(monkeypatch):
    async def believe(self, log, row):
        return row.checkpoint is not None

    monkeypatch.setattr(Witness, "_holds", believe)
    return "leaf_backdated"


@pytest.mark.parametrize(
    "plant", [statements_unread, checkpoints_unread, cosignatures_unread, leaves_unread]
)
def test_what_is_not_read_lets_a_lie_pass(plant, monkeypatch):
    lie = NAMES_OF_LIES.index(plant(monkeypatch))
    findings = [one for again in range(4) for one in run(lie + again * len(LIES), 1)[1]]
    assert findings
