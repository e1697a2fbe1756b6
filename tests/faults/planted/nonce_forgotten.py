"""Planted: what was sent is never looked at again, so the newest head takes a nonce that is given away."""

from ledger.store.reads import Reads


async def _outbox(self, sender) -> list:
    return []


def plant() -> None:
    Reads.outbox = _outbox
