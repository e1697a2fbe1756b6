"""Bringing one mirror to the newest head: asking what it holds, handing over what it lacks."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import NoReturn

from ledger import tree
from ledger.errors import (
    ConflictError,
    FatalError,
    InputError,
    LedgerError,
    UnavailableError,
    VerificationError,
)
from ledger.failpoints import reach
from ledger.mirroring.batches import Batches
from ledger.ports import Hold, Holding, LeaderToken, Peer, Store, Tasks
from ledger.values import Origin, TreeHead

_FIRST_REST = 0.25
_LONGEST_REST = 2.0
_KNOWS_BETTER = frozenset({"leader_replaced", "head_moved", "copies_fork"})


async def differs(store: Store, origin: Origin, holding: Holding) -> LedgerError | None:
    """Why a mirror's holding is no part of this log (copies_ahead, copies_fork); None where it is."""
    size = await store.size(origin)
    for head in (holding.head, holding.stored):
        if head is None:
            continue
        if head.size > size:
            return UnavailableError(
                "copies_ahead", f"a mirror holds {head.size} leaves of {origin}, this node {size}"
            )
        if await tree.root(store, origin, head.size) != head.root:
            return UnavailableError(
                "copies_fork", f"a mirror holds another root at size {head.size} of {origin}"
            )
    return None


class Copier:
    """One mirror of the open log, as its home node sees it.

    Args:
        batches: what may be handed over at once.
        leader: the token under which this node leads.
        news: called after each change of what is known of the mirror.
    """

    def __init__(
        self,
        peer: Peer,
        *,
        store: Store,
        batches: Batches,
        tasks: Tasks,
        leader: Callable[[], LeaderToken],
        news: Callable[[], None],
    ) -> None:
        self.peer = peer
        self.failing: LedgerError | None = None
        self.fault: FatalError | None = None
        self._store = store
        self._batches = batches
        self._tasks = tasks
        self._leader = leader
        self._news = news
        self._busy = False
        self._wanted: tuple[Origin, TreeHead] | None = None
        self._known: tuple[Origin, Holding] | None = None

    def head(self, origin: Origin) -> TreeHead | None:
        """The head that the mirror's lock is known to hold."""
        return self._known[1].head if self._known and self._known[0] == origin else None

    def holds(self, origin: Origin, head: TreeHead) -> bool:
        """Whether it is known to hold the log up to that head."""
        held = self.head(origin)
        return held is not None and held.size >= head.size

    def learn(self, origin: Origin, holding: Holding) -> None:
        """Take what the mirror says it holds, compared by the caller."""
        self._known = (origin, holding)

    def bring(self, origin: Origin, head: TreeHead) -> None:
        """Work in the background until the mirror holds this head, or the one asked for after it."""
        self._wanted = (origin, head)
        if not self._busy and not self.holds(origin, head):
            self._busy = True
            self._tasks.spawn(f"copies {self.peer.region}", self._work())

    async def _work(self) -> None:
        rest = _FIRST_REST
        try:
            while self._wanted is not None and not self.holds(*self._wanted):
                self.failing = await self._try(*self._wanted)
                self._news()
                if self.failing is None:
                    rest = _FIRST_REST
                else:
                    await self._tasks.sleep(rest)
                    rest = min(2 * rest, _LONGEST_REST)
        except FatalError as error:
            self.fault = error
            raise
        finally:
            self._busy = False
            self._news()

    async def _try(self, origin: Origin, head: TreeHead) -> LedgerError | None:
        """One request; why it came to nothing, or None."""
        try:
            await self._step(origin, head)
        except FatalError:
            raise
        except LedgerError as error:
            # What the mirror did of it is unknown: it is asked again before anything is handed over.
            self._known = None
            return error
        return None

    async def _step(self, origin: Origin, head: TreeHead) -> None:
        if self._known is None or self._known[0] != origin:
            holding = await self._asked(self.peer.lead(origin, self._leader()))
            error = await differs(self._store, origin, holding)
            if error is not None:
                # This node leads already: what it signed since may contradict what is held there.
                raise FatalError(error.code, f"{self.peer.region}: {error.detail}")
            self.learn(origin, holding)
            return
        known = self._known[1]
        if known.head is not None and known.stored.size < known.head.size:
            raise UnavailableError("copies_missing", "its database is older than its lock")
        step = await self._next(origin, known, head)
        reach("hold.sent")
        held = await self._asked(self.peer.hold(origin, step))
        if held.head != step.new:
            raise VerificationError("bad_answer", "it holds another head than it was asked to hold")
        self.learn(origin, held)

    async def _next(self, origin: Origin, known: Holding, head: TreeHead) -> Hold:
        start = min(known.stored.size, head.size)
        leaves = await self._batches.leaves(origin, start, head.size)
        end = start + len(leaves)
        if end < head.size:
            if not leaves:
                raise UnavailableError("row_unreadable", f"leaf {start} of {origin} is gone")
            head = TreeHead(end, await tree.root(self._store, origin, end))
        return Hold(self._leader(), known.head, head, start, leaves)

    async def _asked(self, answer: Awaitable[Holding]) -> Holding:
        try:
            return await answer
        except ConflictError as error:
            if error.code in _KNOWS_BETTER:
                _end(error, self.peer.region)
            raise
        except InputError as error:
            raise UnavailableError("copies_missing", f"it refuses: {error}") from error


def _end(error: ConflictError, region: str) -> NoReturn:
    raise FatalError(error.code, f"{region}: {error.detail}") from error
