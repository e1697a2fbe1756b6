"""One region's open log: its start states, its head, and the turn to the next epoch (DESIGN D3, D4).

A head goes commit → mirrors → own lock → signature. The own lock comes after the mirrors', so that whatever
it holds, and the anchor worker reads there, is held twice.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Sequence

from ledger import tree
from ledger.errors import ConflictError, FatalError, UnavailableError
from ledger.failpoints import reach
from ledger.merkle.frontier import Frontier
from ledger.ports import (
    Clock,
    Copies,
    Found,
    HeadLock,
    HeadState,
    Lack,
    Recovery,
    Signer,
    Store,
    Tasks,
    forgotten_name,
)
from ledger.sealing.adopting import check_adoptable, check_continued
from ledger.sealing.copies import NoCopies
from ledger.sealing.epochs import close_log, left_behind
from ledger.sealing.group import Grown, grow_again, head_of
from ledger.sealing.receipts import ReceiptOut, Signed, closing_name, sign_head, stored_receipt
from ledger.sealing.standing import (
    ASKED_AGAIN,
    FETCHED_AGAIN,
    LOCK_LOST,
    NO_KEY,
    NOT_STARTED,
    UNREADABLE,
    Standing,
    judge,
    judge_lack,
    judge_unreadable,
)
from ledger.values import Origin, TreeHead

_RETRY_SECONDS = 1.0


class OpenLog:
    """The log that grows here, with the tree's right edge in memory.

    Only whoever holds ``_one_step`` grows it, moves its lock or signs.
    """

    def __init__(
        self,
        origin: Origin,
        store: Store,
        head_lock: HeadLock,
        signer: Signer | None,
        clock: Clock,
        tasks: Tasks,
        copies: Copies | None = None,
        recovery: Recovery | None = None,
    ) -> None:
        self._origin = origin
        self._store = store
        self._lock = head_lock
        self._signer = signer
        self._clock = clock
        self._tasks = tasks
        self._copies = copies or NoCopies()
        self._recovery = recovery
        # What the open log lacks, once somebody was asked.
        self._lack: tuple[Origin, Lack] | None = None
        self._standing = NOT_STARTED
        # Why the committed head is not promised: no mirror could be had. It is tried again.
        self._unheld: Standing | None = None
        # Closed logs, by closing size, of which something may have to be logged again.
        self._left_behind: list[tuple[Origin, int]] = []
        self._signed: Signed | None = None
        self._frontier: Frontier | None = None
        self._locked: TreeHead | None = None
        self._one_step = asyncio.Lock()

    @property
    def origin(self) -> Origin:
        """The log that new statements go to."""
        return self._origin

    @property
    def standing(self) -> Standing:
        """Whether the log takes statements, and if not, why."""
        return self._unheld if self._unheld and self._standing.leading else self._standing

    @property
    def signed(self) -> Signed | None:
        """The newest head that was signed, with its note."""
        return self._signed

    def newest_signed(self, origin: Origin) -> str | None:
        """The newest checkpoint signed since the start, if that is the open log."""
        return self._signed.note if self._signed is not None and origin == self._origin else None

    async def is_whole(self, origin: Origin) -> bool:
        """Whether a log of this node holds every leaf under a head that this node has signed.

        The open log does as long as it leads. A closed one does if it was led when it was closed: nothing
        is signed in it after that.
        """
        if origin == self._origin:
            return self.standing.leading
        return await self._store.get_meta(closing_name(origin)) is not None

    def stop(self, code: str, detail: str) -> None:
        """Sign nothing any more: chain or mirrors contradict this log."""
        self._standing = Standing(False, code, detail)

    async def resume(self) -> Standing:
        """Compare log and head lock, then sign the head or stay read-only; also after each error."""
        async with self._one_step:
            return await self._as_far_as_readable(self._resume())

    async def retry(self) -> None:
        """Lead, and promise what is committed, as soon as the mirrors let it; returns only by an error.

        Also while nothing new arrives: what was committed without its copy waits for its receipt.
        """
        while True:
            await self._tasks.sleep(_RETRY_SECONDS)
            if self.standing.code not in ASKED_AGAIN | FETCHED_AGAIN:
                continue
            async with self._one_step:
                # The standing says what is still missing; the next round looks again.
                with contextlib.suppress(UnavailableError):
                    await self._as_far_as_readable(self._resume())

    async def adopt(self, chain: TreeHead, mirrors: Sequence[TreeHead]) -> Standing:
        """Let the lock hold this log's head, which continues what the chain and both mirrors hold.

        Raises:
            ConflictError: adopt_refused, if one of them, or the lock itself where it is whole, holds
                what this log does not.
        """
        async with self._one_step:
            head = head_of(await tree.load_frontier(self._store, self._origin))
            await self._check_remembered()
            await check_adoptable(self._store, self._origin, head.size, chain, mirrors)
            await check_continued(
                self._store, self._origin, head, await self._lock.read(self._origin)
            )
            await self._lock.adopt(self._origin, head)
            return await self._resume()

    async def turn(
        self,
        closing: TreeHead,
        origin: Origin,
        signer: Signer | None,
        older: Sequence[tuple[Origin, int]] = (),
    ) -> Standing:
        """Go on in the next epoch, after two of three regions closed this log at ``closing``.

        What was logged here after that size is logged again first; ids stay, receipts are new. A node
        that starts after the turn starts with the closed log and turns again, before ``run``: what a
        crash left behind is then logged, and nothing twice. ``older`` are the logs closed before this one,
        with their closing sizes, for a turn that never came to its end. Without a signer the epoch is only
        passed through: its own log is closed already. A log closed beyond the leaves that anybody still
        holds is left as it is; nothing of it would ever become more. Nor does one whose rows were lost or
        altered after this node had gone on keep the next from being led.
        """
        async with self._one_step:
            old = self._origin
            if origin == old:
                return self._standing
            behind = [*older, *self._left_behind, (old, closing.size)]
            return await self._as_far_as_readable(self._turn(closing, origin, signer, behind))

    async def _turn(
        self,
        closing: TreeHead,
        origin: Origin,
        signer: Signer | None,
        behind: Sequence[tuple[Origin, int]],
    ) -> Standing:
        if not self._standing.leading:
            # What can still be had of it is logged again in the next epoch. Everybody is asked anew.
            self._lack = None
            await self._bring_back()
        mine = self._signer if self._standing.leading else None
        closed = await close_log(self._store, self._origin, closing, mine)
        if not (closed.leading or await self._may_be_left(closed, origin)):
            self._standing = closed
            return closed
        reach("turn.closed")
        self._origin, self._signer, self._signed = origin, signer, None
        self._left_behind = list(dict.fromkeys(behind))
        return await self._resume()

    async def _may_be_left(self, closed: Standing, origin: Origin) -> bool:
        """Whether the epoch of ``origin`` may be led though the closed log is not all here."""
        if closed.code == "log_unreadable":
            # Its lock was first moved after the closing head had been found to be this log's own.
            lock = await self._lock.read(origin)
            return lock.head is not None and not lock.moved
        return closed.code == "closing_ahead" and self._is_lost()

    async def _as_far_as_readable(self, step: Awaitable[Standing]) -> Standing:
        try:
            return await step
        except UNREADABLE as error:
            # Readers are served with what is left.
            self._standing = judge_unreadable(error)
            return self._standing

    async def _bring_back(self) -> None:
        """Get back what the database has lost of this log: once, and again while it lacks something."""
        known = self._lack is not None and self._lack[0] == self._origin
        if self._recovery is None or (known and self._standing.code not in FETCHED_AGAIN):
            return
        locked = (await self._lock.read(self._origin)).head
        self._lack = (self._origin, await self._recovery.bring_back(self._origin, locked))

    def _is_lost(self) -> bool:
        return self._lack is not None and self._lack[0] == self._origin and self._lack[1].lost

    async def _resume(self) -> Standing:
        await self._bring_back()
        frontier = await tree.load_frontier(self._store, self._origin)
        head = head_of(frontier)
        self._standing, self._frontier = await self._lead(head), None
        if self._standing.leading:
            # Also at size 0: a lock that is missing beside leaves then always means that it was lost.
            try:
                await self._move_and_sign(head)
                self._frontier = frontier
                await self._log_again()
            except UnavailableError as error:
                if error.code not in ASKED_AGAIN:
                    raise
                # Nothing new before what is committed, or has to be logged again, is promised.
                self._unheld = Standing(False, error.code, error.detail)
        return self.standing

    async def _lead(self, head: TreeHead) -> Standing:
        """Compare the log with its lock and ask the other holders whether this node may lead."""
        lock = await self._lock.read(self._origin)
        standing = await self._judge(head, lock)
        if standing.leading and self._signer is None:
            return NO_KEY
        if standing.leading or standing.code in LOCK_LOST:
            try:
                await self._copies.lead(self._origin, head)
            except UnavailableError as error:
                return Standing(False, error.code, error.detail)
            # The mirrors may have restored a lock that was lost here.
            lock = await self._lock.read(self._origin)
            standing = await self._judge(head, lock)
        self._locked = lock.head
        return NO_KEY if standing.leading and self._signer is None else standing

    async def _judge(self, head: TreeHead, lock: HeadState) -> Standing:
        standing = await judge(self._store, self._origin, head, lock)
        if self._lack is None or self._lack[0] != self._origin:
            return standing
        return judge_lack(standing, self._lack[1])

    async def _check_remembered(self) -> None:
        """Refuse a head that stands for less than was promised, as far as anybody could know."""
        if await self._store.get_meta(forgotten_name(self._origin)) is not None:
            raise ConflictError(
                "adopt_refused",
                "the log was brought back from the mirrors and no lock tells what was promised beyond:"
                " close it by an epoch turn",
            )

    async def _log_again(self) -> None:
        """Log in this epoch what the closed ones left behind; nothing twice."""
        for old, closing in self._left_behind:
            async for group in left_behind(self._store, old, closing):
                frontier, now = await self._take_frontier(), self._clock.now
                grown = await grow_again(self._store, self._origin, frontier, group, now)
                await self._promise(grown)
        self._left_behind = []

    async def _move_and_sign(self, head: TreeHead) -> None:
        """Have it held, move the lock, then sign: a head that leaves the house stands in all of them.

        Signed first, a copy of this node could sign another head of the same size before the lock
        stops it.
        """
        if self._signer is None:
            raise FatalError("log_key_missing", f"no key to sign {self._origin}")
        try:
            await self._copies.hold(self._origin, head)
        except UnavailableError as error:
            self._unheld = Standing(False, error.code, error.detail)
            raise
        if head != self._locked:
            await self._lock.swap(self._origin, self._locked, head)
            self._locked = head
        reach("seal.locked")
        if self._signed is None or self._signed.head != head:
            self._signed = sign_head(self._origin, head, self._signer)
        self._unheld = None

    async def _promise(self, grown: Grown) -> None:
        await self._move_and_sign(grown.head)
        self._frontier = grown.frontier

    async def _take_frontier(self) -> Frontier:
        # Taken out while a step is under way: if the step fails, the tree in memory may be ahead of
        # the one on disk, so the next step reads it anew.
        frontier, self._frontier = self._frontier, None
        if frontier is None:
            frontier = await tree.load_frontier(self._store, self._origin)
        return frontier

    async def _repeat(self, found: Found) -> ReceiptOut:
        mine = found.leaf.origin == self._origin
        return await stored_receipt(self._store, found.leaf, self._signed if mine else None)

    def check_leading(self) -> None:
        """Raises UnavailableError, the code of ``standing``, while the log is only read."""
        if not self._standing.leading:
            raise UnavailableError(self._standing.code, self._standing.detail, 60)

    def _check_taking(self) -> None:
        """Whether new statements are taken; repeats are answered as long as this node leads."""
        self.check_leading()
        if self._unheld is not None:
            raise UnavailableError(self._unheld.code, self._unheld.detail, 2)
        self._copies.check()
