"""Planted: what a log holds beyond the size it was closed at is not logged again in the next epoch."""

from ledger.sealing import openlog


async def _nothing(store, origin, closing):
    for _ in ():
        yield []


def plant() -> None:
    openlog.left_behind = _nothing
