"""Group commit: commit → mirrors → head lock → sign → answer, in this order and no other (DESIGN D3)."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from ledger.errors import ConflictError, FatalError, LedgerError, UnavailableError
from ledger.failpoints import reach
from ledger.ports import (
    Clock,
    Copies,
    Found,
    HeadLock,
    Recovery,
    Signer,
    StatementRow,
    Store,
    Tasks,
)
from ledger.sealing.group import Grown, grow
from ledger.sealing.openlog import OpenLog
from ledger.sealing.plan import Candidate, Outcome, Placed
from ledger.sealing.receipts import ReceiptOut, receipt
from ledger.sealing.standing import Standing
from ledger.values import Origin

_MOST_PAUSES = 8


@dataclass(frozen=True, slots=True)
class _Waiter:
    candidate: Candidate
    answer: asyncio.Future[ReceiptOut | Found]


class Sealer(OpenLog):
    """Seals one region's statements into its open log.

    Call ``resume`` once, then let ``run`` and ``retry`` go on for the life of the node. A FatalError that
    leaves one of them must end the process: the next start re-reads everything.

    Args:
        origin: the region's open log.
        signer: the key of that log; None where this node has lost it and can only turn the epoch.
        copies: the other holders of the log; without, this node's own disk is enough.
        recovery: brings back what the database has lost; without, such a log stays read-only.
        on_sealed: told which statements have just become durable.
        gather_seconds: how long a group waits for company; again, up to eight times, while more come.
        max_group: most statements of one commit.
        max_waiting: most statements that wait; beyond it they are turned away.
    """

    def __init__(
        self,
        *,
        origin: Origin,
        store: Store,
        head_lock: HeadLock,
        signer: Signer | None,
        clock: Clock,
        tasks: Tasks,
        copies: Copies | None = None,
        recovery: Recovery | None = None,
        on_sealed: Callable[[Sequence[StatementRow]], None] = lambda _: None,
        gather_seconds: float = 0.002,
        max_group: int = 1024,
        max_waiting: int = 20_000,
    ) -> None:
        super().__init__(origin, store, head_lock, signer, clock, tasks, copies, recovery)
        self._on_sealed = on_sealed
        self._gather_seconds = gather_seconds
        self._max_group = max_group
        self._max_waiting = max_waiting
        self._waiting: deque[_Waiter] = deque()
        self._arrived = asyncio.Event()

    @property
    def waiting(self) -> int:
        """How many statements wait for the next commit."""
        return len(self._waiting)

    async def submit(self, candidate: Candidate) -> ReceiptOut:
        """Wait until the statement is durable and promised; a repeat gets its own place again.

        A caller that goes away after the commit began loses the answer, never the statement.

        Raises:
            ConflictError: jti_used, record_exists, prev_unknown, prev_mismatch, foreign_amendment,
                version_skipped, version_taken, statement_conflict.
            UnavailableError: the code of ``standing``; copies_missing, if it is logged but no mirror holds
                it yet, and copies_late: post it again; sealing_full; seal_interrupted, if it is unknown
                whether the statement was logged: post it again; store_unavailable; checkpoint_missing.
        """
        self.check_leading()
        answer: ReceiptOut | Found | None = candidate.place
        if answer is None:
            self._check_taking()
            if len(self._waiting) >= self._max_waiting:
                raise UnavailableError("sealing_full", "too many statements wait", 1)
            waiter = _Waiter(candidate, asyncio.get_running_loop().create_future())
            self._waiting.append(waiter)
            self._arrived.set()
            answer = await waiter.answer
        return await self._repeat(answer) if isinstance(answer, Found) else answer

    async def run(self) -> None:
        """Seal group after group; returns only by an error."""
        try:
            while True:
                await self._arrived.wait()
                await self._gather()
                async with self._one_step:
                    await self._seal_or_refuse(self._drain())
        finally:
            _fail(self._waiting, _interrupted())
            self._standing = Standing(False, "log_stopped", "the node is stopping")

    async def _gather(self) -> None:
        """Wait while statements keep coming: a commit costs nearly the same for one as for many."""
        for _ in range(_MOST_PAUSES):
            waiting = len(self._waiting)
            if waiting >= self._max_group:
                return
            await self._tasks.sleep(self._gather_seconds)
            if len(self._waiting) == waiting:
                return

    def _drain(self) -> list[_Waiter]:
        group: list[_Waiter] = []
        while self._waiting and len(group) < self._max_group:
            waiter = self._waiting.popleft()
            # Who hung up before the commit began was promised nothing.
            if not waiter.answer.done():
                group.append(waiter)
        if not self._waiting:
            self._arrived.clear()
        return group

    async def _seal_or_refuse(self, group: Sequence[_Waiter]) -> None:
        try:
            await self._seal(group)
        except FatalError:
            raise
        except ConflictError as error:
            # Only one of them can be at fault, so each goes alone; what the database refuses of a
            # single statement is that statement's own answer.
            if len(group) == 1:
                _fail(group, error)
            else:
                for waiter in group:
                    await self._seal_or_refuse([waiter])
        except LedgerError as error:
            _fail(group, error)
        finally:
            _fail(group, _interrupted())

    async def _seal(self, group: Sequence[_Waiter]) -> None:
        if not group:
            return
        self._check_taking()
        now, frontier = self._clock.now(), await self._take_frontier()
        candidates = [waiter.candidate for waiter in group]
        reach("seal.taken")
        grown = await grow(self._store, self._origin, frontier, candidates, now)
        reach("seal.committed")
        self._on_sealed([one.row for one in grown.outcomes if isinstance(one, Placed)])
        unheld: UnavailableError | None = None
        try:
            await self._promise(grown)
            reach("seal.signed")
        except UnavailableError as error:
            # Logged, but not promised: only those who got a new place have to come again.
            unheld = error
        for waiter, outcome in zip(group, grown.outcomes, strict=True):
            self._answer(waiter, outcome, grown, unheld)
        reach("seal.answered")

    def _answer(
        self,
        waiter: _Waiter,
        outcome: Outcome,
        grown: Grown,
        unheld: UnavailableError | None = None,
    ) -> None:
        if waiter.answer.done() or self._signed is None:
            return
        if isinstance(outcome, ConflictError):
            waiter.answer.set_exception(outcome)
        elif isinstance(outcome, Placed) and unheld is not None:
            waiter.answer.set_exception(unheld)
        elif isinstance(outcome, Placed):
            path = grown.paths.path(outcome.index)
            waiter.answer.set_result(receipt(grown.leaf(outcome), path, self._signed.note))
        else:
            waiter.answer.set_result(outcome)


def _fail(waiters: Iterable[_Waiter], error: LedgerError) -> None:
    for waiter in waiters:
        if not waiter.answer.done():
            waiter.answer.set_exception(error)


def _interrupted() -> UnavailableError:
    return UnavailableError(
        "seal_interrupted", "it is unknown whether it was logged; post it again"
    )
