"""Planted: the chain accepts a head that is smaller than the one it holds."""

from dataclasses import replace

from tests.simulation import contract

BREAKS = "unique"
KINDS = ("foreign_nonce",)
SEED = 1
SECONDS = 100


def plant(patch) -> None:
    anchor = contract.Contracts.anchor

    def lax(self, sender, log, size, root, proof, now):
        old = self.head(log)
        if sender == self.logs[log].anchorer and 0 < size < old.size:
            self.heads[log] = replace(old, size=size, root=root)
            return contract.Anchored(log, size, root, old.size, old.root)
        return anchor(self, sender, log, size, root, proof, now)

    patch.setattr(contract.Contracts, "anchor", lax)
