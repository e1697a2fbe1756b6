"""Planted: a witness cosigns what the chain shows without holding the leaves."""

from ledger.mirroring.witness import Witness

BREAKS = "cosigned"
KINDS = ("thief",)
SEED = 8
SECONDS = 100


async def _holds(self, log, row) -> bool:
    return True


def plant(patch) -> None:
    patch.setattr(Witness, "_holds", _holds)
