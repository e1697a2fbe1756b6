"""Planted: after a roll-back only the newest head is anchored again, not each one that bundles stand on."""

from ledger import tree
from ledger.anchoring.anchorer import Anchorer
from ledger.anchoring.choice import choose_size
from ledger.values import TreeHead

BREAKS = "again"
KINDS = ("roll_back",)
SEED = 9
SECONDS = 180


async def _target(self, facts):
    if facts.signed is None:
        return None
    size = choose_size(facts.contract.head.size, facts.signed.size)
    if size is None:
        return None
    return TreeHead(size, await tree.root(self._store, self._origin, size))


def plant(patch) -> None:
    patch.setattr(Anchorer, "_target", _target)
