"""Asking other nodes: one that does not answer is left alone for a while."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

from ledger.errors import InputError, UnavailableError, VerificationError
from ledger.ports import Clock, Peer

_T = TypeVar("_T")
_FIRST_REST = 0.5
_LONGEST_REST = 30.0


class Peers:
    """The other regions' nodes; one that is silent is left alone for ``longest`` seconds at most."""

    def __init__(self, peers: Sequence[Peer], clock: Clock, longest: float = _LONGEST_REST) -> None:
        self._peers = {peer.region: peer for peer in peers}
        self._clock = clock
        self._longest = longest
        self._rest: dict[str, float] = {}
        self._until: dict[str, float] = {}

    def of(self, region: str) -> Peer | None:
        """The node of a region, or None for our own."""
        return self._peers.get(region)

    def all(self) -> list[Peer]:
        """Every node of another region."""
        return list(self._peers.values())

    def from_home(self, home: str) -> list[Peer]:
        """All nodes, the home of a log first."""
        return sorted(self._peers.values(), key=lambda peer: (peer.region != home, peer.region))

    @property
    def silent(self) -> tuple[str, ...]:
        """Regions whose node failed to answer the last time it was asked."""
        return tuple(sorted(self._rest))

    async def ask(self, peer: Peer, question: Callable[[Peer], Awaitable[_T]]) -> _T | None:
        """The answer, or None from a node that cannot give one now.

        A node that is down costs a time-out each time it is asked; it must not slow the others' logs.
        """
        now = self._clock.monotonic()
        if self._until.get(peer.region, now) > now:
            return None
        try:
            answer = await question(peer)
        except UnavailableError:
            rest = min(2 * self._rest.get(peer.region, _FIRST_REST / 2), self._longest)
            self._rest[peer.region], self._until[peer.region] = rest, self._clock.monotonic() + rest
            return None
        except (InputError, VerificationError):
            # It answered, and refused: it does not hold what we asked for.
            answer = None
        self._rest.pop(peer.region, None)
        self._until.pop(peer.region, None)
        return answer
