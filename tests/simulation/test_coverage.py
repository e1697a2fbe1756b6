"""A moment or branch that no seed reached makes a long enough run red, and a short one not."""

from collections import Counter

import pytest

from tests.simulation.__main__ import judged
from tests.simulation.course import Outcome
from tests.simulation.coverage import ENOUGH, IMPOSSIBLE, holes, missing, wanted

ALL = dict.fromkeys(wanted(), 1)


def ran(seeds: int, *unreached: str) -> list[Outcome]:
    counted = Counter({name: 1 for name in ALL if name not in unreached})
    return [Outcome(seed, counted=counted) for seed in range(seeds)]


@pytest.mark.parametrize("name", ["crash lock.moved backlog recovery", "alarm chain_identity"])
def test_a_zero_makes_the_run_red(name, capsys):
    assert judged(ran(ENOUGH)) == 0
    assert judged(ran(ENOUGH, name)) == 1
    assert name in capsys.readouterr().out


def test_nothing_is_held_against_few_seeds():
    assert judged(ran(ENOUGH - 1, "answer receipt")) == 0
    assert missing({}) == wanted()
    assert holes({}, ENOUGH) == wanted()
    assert holes({}, ENOUGH - 1) == []


def test_a_broken_promise_makes_any_run_red():
    broken = Outcome(3, findings=["kept: beijing: gone"])
    assert judged([*ran(1), broken]) == 1


def test_what_cannot_be_reached_is_not_wanted():
    assert not set(IMPOSSIBLE) & set(wanted())
    assert len(set(wanted())) == len(wanted())
