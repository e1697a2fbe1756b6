"""Sealing without another holder: a network of one region, tools beside a node, most tests."""

from __future__ import annotations

from ledger.ports import CopiesStatus
from ledger.values import Origin, TreeHead


class NoCopies:
    """ports.Copies where there is nobody to hold a copy."""

    @property
    def status(self) -> CopiesStatus:
        """No mirrors, nothing asked of them."""
        return CopiesStatus(0)

    def check(self) -> None:
        """Nothing is late."""

    async def lead(self, origin: Origin, head: TreeHead) -> None:
        """The head lock alone decides who leads."""

    async def hold(self, origin: Origin, head: TreeHead) -> None:
        """Held by this node is enough."""
