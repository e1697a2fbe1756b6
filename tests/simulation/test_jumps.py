"""Clocks jump in simulated regions: nothing is dated wrongly, and all open again by themselves."""

import pytest

from ledger.intake.clockwatch import ClockWatch
from tests.simulation import jumps

JUMPS = 8
# Every change of the product gives a seed another course, so a few are tried.
SEEDS = 8


@pytest.mark.parametrize("seed", [1, 2])
def test_no_jump_dates_anything_wrongly(seed):
    done = jumps.run(seed, JUMPS)
    print(done)
    assert done.findings == []
    assert done.kinds.total() >= JUMPS - 3
    assert done.refused > 0
    assert done.stamps > 100


def _unasked(patch):
    """After a start nobody is waited for."""
    patch.setattr(ClockWatch, "waiting", False)


def _unchecked(patch):
    """The clock is looked at when a record comes in, and not when it and its head are dated."""
    patch.setattr(ClockWatch, "now", lambda self: self._clock.now())


def _own_word(patch):
    """What the clock said at the start stays right, whoever contradicted it then."""
    hear = ClockWatch.hear

    def kept(self, now, source="another region"):
        right = self._right
        told = hear(self, now, source)
        self._right = right
        return told

    patch.setattr(ClockWatch, "hear", kept)


def _believed(patch):
    """The clock is believed whatever it says."""
    patch.setattr(ClockWatch, "_fault", lambda self, now: None)


@pytest.mark.parametrize(
    ("plant", "invariant", "first"),
    [
        (_unasked, "stamped", 2),
        (_unchecked, "stamped", 5),
        (_own_word, "reopened", 3),
        (_believed, "alarm", 2),
    ],
)
def test_a_planted_fault_is_found(monkeypatch, plant, invariant, first):
    plant(monkeypatch)
    for seed in range(first, first + SEEDS):
        found = jumps.run(seed, JUMPS).findings
        if any(one.startswith(f"{invariant}: ") for one in found):
            return
    pytest.fail(f"no seed from {first} on finds it")
