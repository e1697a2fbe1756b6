"""Planted: what a killed process wrote is read, and acted on, before it is durable."""

from tests.simulation.store import ModelStore

BREAKS = "promised"
KINDS = ("crash_in_commit",)
SEED = 35
SECONDS = 100


def plant(patch) -> None:
    patch.setattr(ModelStore, "_make_safe", lambda _self: None)
