"""Every waiter of a group gets the answer for its own statement, whatever its neighbours are and do."""

import pytest

from tests.simulation.sabotage import planted
from tests.unit.sealing import groups


@pytest.mark.parametrize("seed", range(3))
def test_everyone_is_told_of_their_own_statement(seed, tmp_path):
    tried, broken = groups.run(seed, tmp_path)
    assert broken is None
    assert tried > groups.GROUPS


@pytest.mark.parametrize(
    "name",
    ["answers_by_position", "neighbours_refused", "cancelled_commit"],
)
def test_a_planted_fault_is_found(name, monkeypatch, tmp_path):
    planted(name).plant(monkeypatch)
    _, broken = groups.run(0, tmp_path)
    assert "DisturbedError" in broken
