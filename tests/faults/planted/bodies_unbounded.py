"""Planted: there is room for any number of bodies, and nobody waits for it."""

from ledger.api import bodies


def plant() -> None:
    bodies.SMALL = 1 << 40
