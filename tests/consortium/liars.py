"""A liar before each validator for each region: what one authority's RPC says may be untrue for all."""

from collections.abc import Mapping
from contextlib import AsyncExitStack

from tests.engines.liar import Liar
from tests.engines.lies import Lie, Places
from tests.faults.lab import CHAIN


class Liars:
    """Stands in for Links: what is asked of the chain goes through liars, honest until told otherwise.

    Attributes:
        authorities: whose RPC an address is.
    """

    def __init__(self) -> None:
        self.authorities: Mapping[str, str] = {}
        self._made: list[Liar] = []
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> "Liars":
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stack.aclose()

    async def open(self, _source: str, target: str, url: str) -> str:
        """One more liar, before the chain's node at that address; the URL to give to who asks."""
        if target != CHAIN:
            return url
        liar = await self._stack.enter_async_context(Liar(self.authorities[url], url))
        self._made.append(liar)
        return liar.url

    async def become(self, authority: str, lie: type[Lie], ledger: str) -> None:
        """Have that authority's node tell this to all who ask it of that contract (address, hex)."""
        for liar in self._made:
            if liar.authority == authority:
                await liar.become(lie(Places(f"0x{ledger}", "")))
