"""Planted: the next nonce is what the region's own node says, and nobody else is asked."""

from ledger.chain.agreedchain import AgreedChain

BREAKS, LIE, NODES, LIARS = "nonce", "higher_nonce", 4, 1


async def _nonce(self) -> int:
    own, *_ = self._panel._views.values()
    return await own.nonce(self.sender)


def plant(patch) -> None:
    patch.setattr(AgreedChain, "nonce", _nonce)
