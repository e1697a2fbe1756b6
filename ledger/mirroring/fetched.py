"""Copies that the mirrors fetch by themselves (setting ``copies`` = 0): intake closes when they are late."""

from __future__ import annotations

from collections.abc import Sequence

from ledger.errors import UnavailableError
from ledger.mirroring.backlog import Backlog
from ledger.ports import Clock, CopiesStatus, CopyState
from ledger.values import Origin, TreeHead

_RETRY_SECONDS = 5


class FetchedCopies:
    """ports.Copies that waits for nobody, but takes no more records while none of the mirrors follows.

    Args:
        mirrors: the other regions.
        within: seconds that a leaf may wait for its first copy.
    """

    def __init__(self, mirrors: Sequence[str], clock: Clock, within: float) -> None:
        self._held = dict.fromkeys(mirrors, 0)
        self._within = within
        self._backlog = Backlog(clock)
        self._origin: Origin | None = None

    @property
    def status(self) -> CopiesStatus:
        """How far each mirror has fetched."""
        mirrors = {
            region: CopyState(size, self._backlog.age(size)) for region, size in self._held.items()
        }
        return CopiesStatus(0, mirrors, "copies_late" if self._late() else None)

    def asked(self, region: str, origin: Origin, start: int) -> None:
        """Note that a region's node asked for the leaves of a log from there on: it holds those before."""
        if origin == self._origin and region in self._held:
            self._held[region] = start
            self._backlog.copied(min(self._held.values()))

    def check(self) -> None:
        """Raises UnavailableError(copies_late) while the oldest leaf without a copy is too old."""
        if self._late():
            raise UnavailableError(
                "copies_late",
                f"no other region has copied this log for {self._within:g} seconds",
                _RETRY_SECONDS,
            )

    async def lead(self, origin: Origin, head: TreeHead) -> None:
        """The head lock alone decides who leads; the mirrors' time runs from now."""
        if origin != self._origin:
            self._origin = origin
            self._held = dict.fromkeys(self._held, 0)
        self._backlog.restart(head.size)

    async def hold(self, origin: Origin, head: TreeHead) -> None:
        """Held by this node is enough for now."""
        if origin == self._origin:
            self._backlog.reach(head.size)

    def _late(self) -> bool:
        return self._backlog.age(max(self._held.values(), default=0)) > self._within
