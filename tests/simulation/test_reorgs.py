"""A chain that is reset, reorganised or replaced is found out and put right, and no verdict is ever wrong."""

import pytest

from ledger.mirroring.events import EventReader
from ledger.verify import examining
from ledger.verify.report import Check, State
from tests.simulation import reorgs
from tests.simulation.reorgs import ADOPTED, REORG, REPLACED, RESET
from tests.simulation.sabotage import planted


def test_every_lost_head_returns_and_nothing_passes_that_is_not_there():
    ran = reorgs.run(1, (REORG, RESET, ADOPTED))
    assert ran.findings == []
    assert ran.depths == [28]
    assert ran.lost > 0
    assert ran.given["online passed"] > 10
    assert ran.given["online chain_other"] > 3


def lost_heads_skipped(patch) -> None:
    planted("lost_heads_skipped").plant(patch)


def identity_unchecked(patch) -> None:
    planted("identity_unchecked").plant(patch)


def cursor_believed(patch) -> None:
    async def holds(*_) -> bool:
        return True

    patch.setattr(EventReader, "_holds", holds)


def chain_unread(patch) -> None:
    patch.setattr(examining, "check_chain", lambda *_: Check("chain", State.PASSED, "chain_holds"))


PLANTED = [
    (lost_heads_skipped, (RESET,), "again"),
    (identity_unchecked, (REPLACED,), "identity"),
    (cursor_believed, (REORG, REORG), "detected"),
    (chain_unread, (REPLACED,), "verdict"),
]


@pytest.mark.parametrize(("plant", "kinds", "breaks"), PLANTED)
def test_a_planted_fault_is_found(plant, kinds, breaks, monkeypatch):
    plant(monkeypatch)
    assert breaks in reorgs.run(1, kinds).broken()
