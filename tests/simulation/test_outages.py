"""The chain is away for an hour, and for longer than records may wait: nothing is lost, and it is told."""

from dataclasses import replace
from functools import lru_cache

import pytest

from ledger.anchoring import Anchorer, Outage, anchorer
from tests.simulation import outages

# Twelve minutes stand for the hour where the length matters less than what is planted.
SHORT = 720.0


def test_nothing_is_lost_and_the_backlog_drains():
    # Intake stays open for nineteen minutes of the hour.
    ran = outages.run(6)
    assert ran.findings == []
    assert ran.virtual_seconds > outages.HOUR
    assert ran.waited > 100
    assert ran.refused > 10


def never_closed(patch) -> None:
    patch.setattr(Outage, "check", lambda _: None)


def never_opened(patch) -> None:
    look = Outage.look

    async def stuck(self) -> None:
        if self.code is None:
            await look(self)

    patch.setattr(Outage, "look", stuck)


def silence_hidden(patch) -> None:
    status = Anchorer.status.fget
    patch.setattr(
        Anchorer, "status", property(lambda self: replace(status(self), unavailable=None))
    )


def uncounted(patch) -> None:
    async def count(_) -> None:
        pass

    patch.setattr(Anchorer, "_count", count)


def asleep(patch) -> None:
    patch.setattr(anchorer, "_LONGEST_SILENCE", 3600.0)


PLANTED = [
    (never_closed, 2, "intake"),
    (never_opened, 2, "intake"),
    (silence_hidden, 0, "degraded"),
    (uncounted, 0, "degraded"),
    (asleep, 0, "drained"),
]


@lru_cache
def findings_without(seed: int) -> list[str]:
    return outages.run(seed, SHORT).findings


@pytest.mark.parametrize(("plant", "seed", "breaks"), PLANTED)
def test_a_planted_fault_is_found(plant, seed, breaks, monkeypatch):
    assert findings_without(seed) == []
    plant(monkeypatch)
    assert breaks in outages.run(seed, SHORT).broken()
