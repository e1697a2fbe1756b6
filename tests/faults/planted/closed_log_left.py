"""Planted: what a new chain lacks of a log that was closed before is not anchored there again."""

from ledger.node.node import Node


async def _nothing(self, origin, closing) -> None:
    return None


def plant() -> None:
    Node._restore = _nothing
