"""Planted: an event that one node alone shows is left out, as if the others had denied it."""

from ledger.chain.agreedevents import AgreedEvents

BREAKS, LIE, NODES, LIARS = "complete", "withheld_event", 2, 1


async def _refute(self, event, claimant, final) -> None:
    pass


def plant(patch) -> None:
    patch.setattr(AgreedEvents, "_refute", _refute)
