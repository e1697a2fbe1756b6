"""Planted: where one statement of a group is refused, all its neighbours get that refusal."""

from dataclasses import replace

from ledger.errors import ConflictError
from ledger.sealing import sealer

BREAKS = "refused"
KINDS = ()
SEED = 5
SECONDS = 20


def plant(patch) -> None:
    grow = sealer.grow

    async def one_for_all(*arguments):
        grown = await grow(*arguments)
        refusals = [one for one in grown.outcomes if isinstance(one, ConflictError)]
        everyone = (refusals * len(grown.outcomes))[: len(grown.outcomes)]
        return replace(grown, outcomes=tuple(everyone) or grown.outcomes)

    patch.setattr(sealer, "grow", one_for_all)
