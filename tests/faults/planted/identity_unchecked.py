"""Planted: the anchor worker does not look which chain it talks to."""

from ledger.anchoring import Anchorer


async def _any(self) -> None:
    return None


def plant() -> None:
    Anchorer._other_chain = _any
