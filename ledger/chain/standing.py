"""Which nodes of the chain are believed: one that contradicted the others is asked no more."""

from __future__ import annotations

from collections.abc import Collection

from ledger.ports import Clock, Store

_ASIDE = "aside"


class Standing:
    """Who is set aside, for as long as this process runs."""

    def __init__(self) -> None:
        self._aside: set[str] = set()

    @property
    def known(self) -> frozenset[str]:
        """Who is set aside, as last read."""
        return frozenset(self._aside)

    async def aside(self) -> frozenset[str]:
        """Authorities whose nodes are not asked; raises UnavailableError where that cannot be read."""
        return self.known

    async def set_aside(self, authority: str, detail: str) -> None:  # noqa: ARG002 - the kept one's
        """Ask that authority's node no more; ``detail`` says what it contradicted."""
        self._aside.add(authority)


class KeptStanding(Standing):
    """Who is set aside, in the database: each case is evidence, and only a person re-admits.

    Args:
        authorities: whose nodes there are; each has one.
    """

    def __init__(self, authorities: Collection[str], store: Store, clock: Clock) -> None:
        super().__init__()
        self._unread = set(authorities)
        self._store = store
        self._clock = clock

    async def aside(self) -> frozenset[str]:
        """As Standing; read from the database once."""
        for name in sorted(self._unread):
            if await self._store.get_meta(_place(name)) == _ASIDE:
                self._aside.add(name)
            self._unread.discard(name)
        return self.known

    async def set_aside(self, authority: str, detail: str) -> None:
        """As Standing; raises UnavailableError where it cannot be kept."""
        now = self._clock.now()
        await self._store.add_evidence("chain_node_set_aside", authority, detail, now)
        await self._store.put_meta(_place(authority), _ASIDE)
        self._aside.add(authority)

    async def readmit(self, authority: str) -> bool:
        """Ask it again; whether it was set aside."""
        was = authority in await self.aside()
        await self._store.put_meta(_place(authority), "")
        self._aside.discard(authority)
        return was


def _place(authority: str) -> str:
    return f"chain_node/{authority}"
