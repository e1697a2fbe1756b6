"""Copies that are asked for before each answer (setting ``copies`` = 1)."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from ledger.errors import UnavailableError
from ledger.failpoints import reach
from ledger.mirroring.backlog import Backlog
from ledger.mirroring.batches import Batches, FeedSource
from ledger.mirroring.copier import Copier
from ledger.mirroring.election import Election
from ledger.mirroring.findings import Findings
from ledger.ports import (
    Clock,
    CopiesStatus,
    CopyState,
    HeadLock,
    LeaderToken,
    Peer,
    Random,
    Store,
    Tasks,
)
from ledger.values import Origin, TreeHead

_RETRY_SECONDS = 2


class Holders:
    """ports.Copies with the mirrors as holders: one of them must have each head before it is signed.

    A head is handed to all at once; the slower ones are brought up in the background.

    Args:
        feed: committed leaves as mirrors may hold them, the rest sealed.
        within: seconds that an answer waits for the first mirror.
    """

    def __init__(
        self,
        *,
        store: Store,
        head_lock: HeadLock,
        peers: Sequence[Peer],
        feed: FeedSource,
        random: Random,
        clock: Clock,
        tasks: Tasks,
        within: float = 5.0,
    ) -> None:
        self._tasks = tasks
        self._within = within
        self._backlog = Backlog(clock)
        self._news = asyncio.Event()
        self._election = Election(
            store=store,
            head_lock=head_lock,
            peers=peers,
            random=random,
            tasks=tasks,
            findings=Findings(store, clock),
        )
        batches = Batches(feed)
        self._copiers = [
            Copier(
                peer,
                store=store,
                batches=batches,
                tasks=tasks,
                leader=self._led_by,
                news=self._news.set,
            )
            for peer in peers
        ]
        # With the own head lock they are the majority that an answer needs.
        self._needed = (len(peers) + 1) // 2
        self._token: LeaderToken | None = None
        self._origin: Origin | None = None
        self._led: Origin | None = None
        self._code: str | None = None

    @property
    def status(self) -> CopiesStatus:
        """How far each mirror's lock is."""
        sizes = {one.peer.region: self._size(one) for one in self._copiers}
        mirrors = {
            region: CopyState(size, self._backlog.age(size)) for region, size in sizes.items()
        }
        return CopiesStatus(self._needed, mirrors, self._code)

    def check(self) -> None:
        """Nothing is late: no record is answered without its copy."""

    async def lead(self, origin: Origin, head: TreeHead) -> None:
        """Win the lead, once for each log in the life of this node; the token stays the same.

        That the holders agree about a closed log says nothing of the next one.

        Raises:
            UnavailableError: copies_missing, copies_ahead, copies_fork.
            FatalError: leader_replaced.
        """
        if origin != self._origin:
            self._origin = origin
            self._backlog.restart(head.size)
        if origin == self._led:
            return
        try:
            self._token, holdings = await self._election.win(origin, self._token)
        except UnavailableError as error:
            self._code = error.code
            raise
        self._led = origin
        for copier in self._copiers:
            if copier.peer.region in holdings:
                copier.learn(origin, holdings[copier.peer.region])

    async def hold(self, origin: Origin, head: TreeHead) -> None:
        """Have a head, and all its leaves, held by as many mirrors as an answer needs.

        Raises:
            UnavailableError: copies_missing.
            FatalError: leader_replaced, head_moved, copies_fork, copies_ahead.
        """
        self._backlog.reach(head.size)
        for copier in self._copiers:
            copier.bring(origin, head)
        try:
            async with self._tasks.timeout(self._within):
                await self._until_held(origin, head)
        except TimeoutError:
            self._missing(f"no mirror held {head.size} leaves within {self._within:g} seconds")
        self._code = None
        self._backlog.copied(min(self._size(one) for one in self._copiers))
        reach("seal.held")

    async def _until_held(self, origin: Origin, head: TreeHead) -> None:
        while True:
            self._news.clear()
            for copier in self._copiers:
                if copier.fault is not None:
                    raise copier.fault
            if sum(one.holds(origin, head) for one in self._copiers) >= self._needed:
                return
            able = [one for one in self._copiers if one.failing is None]
            if len(able) < self._needed:
                why = [f"{one.peer.region}: {one.failing}" for one in self._copiers if one.failing]
                self._missing("; ".join(why))
            await self._news.wait()

    def _missing(self, detail: str) -> None:
        self._code = "copies_missing"
        raise UnavailableError("copies_missing", f"{detail}; post it again", _RETRY_SECONDS)

    def _size(self, copier: Copier) -> int:
        head = None if self._origin is None else copier.head(self._origin)
        return 0 if head is None else head.size

    def _led_by(self) -> LeaderToken:
        if self._token is None:
            raise UnavailableError("copies_missing", "this node does not lead yet")
        return self._token
