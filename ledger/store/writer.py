"""The one connection that writes: its lock, and the difference between a failed write and a failed commit."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any, Protocol, TypeVar

from sqlalchemy import ExceptionContext, event
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from ledger.errors import FatalError, UnavailableError
from ledger.failpoints import reach
from ledger.store.faults import FAULTS, named

T = TypeVar("T")
_FAILED = "a statement failed"


class Gate(Protocol):
    """What a database asks of a writing connection before anything is written and before the commit."""

    async def enter(self, connection: AsyncConnection) -> None:
        """Raises FatalError(leader_replaced) where another node writes now, and others of that family."""

    async def leave(self, connection: AsyncConnection) -> None:
        """Raises UnavailableError(store_unavailable) where the connection is known to be lost."""


class Writer:
    """Owns the writing connection; one transaction at a time, in order of arrival."""

    def __init__(self, engine: AsyncEngine, gate: Gate) -> None:
        self._engine = engine
        self._gate = gate
        self._lock = asyncio.Lock()
        event.listen(engine.sync_engine, "handle_error", _remember)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncConnection]:
        """Commit durably at the end of the block; roll back on any error inside it.

        Raises:
            FatalError: store_failed, if the commit itself fails: whether it took place is unknown; what
                the gate raises.
            UnavailableError: store_unavailable, if the database refuses before the commit.
        """
        async with self._lock, self._connected() as connection:
            try:
                await self._gate.enter(connection)
                yield connection
                _check_sound(connection)
                await self._gate.leave(connection)
            except FAULTS as error:
                await to_the_end(self._roll_back(connection))
                raise UnavailableError(
                    "store_unavailable", f"the database refused: {named(error)}"
                ) from error
            except BaseException:
                await to_the_end(self._roll_back(connection))
                raise
            await to_the_end(self._commit(connection))

    async def write(self, work: Callable[[AsyncConnection], Awaitable[T]]) -> T:
        """Run work in a transaction of its own, to the end even if the caller goes away."""

        async def whole() -> T:
            async with self.transaction() as connection:
                return await work(connection)

        return await to_the_end(whole())

    async def close(self) -> None:
        """Close the connection; SQLite checkpoints as it goes."""
        async with self._lock:
            await self._engine.dispose()

    @asynccontextmanager
    async def _connected(self) -> AsyncIterator[AsyncConnection]:
        try:
            connection = await self._engine.connect()
        except FAULTS as error:
            raise UnavailableError("store_unavailable", f"no connection: {named(error)}") from error
        try:
            connection.info.pop(_FAILED, None)
            yield connection
        finally:
            await to_the_end(connection.close())

    async def _commit(self, connection: AsyncConnection) -> None:
        reach("store.written")
        try:
            await connection.commit()
        except Exception as error:
            # Whatever it was: after a failed fsync the kernel may have dropped the pages, so trying again
            # could report success for data that never reached the disk; and from a server that went away
            # nobody knows what it did last.
            raise FatalError("store_failed", f"commit failed: {named(error)}") from error
        reach("store.committed")

    async def _roll_back(self, connection: AsyncConnection) -> None:
        try:
            await connection.rollback()
        except SQLAlchemyError as error:
            # A session that has ended takes everything uncommitted with it.
            if not connection.invalidated:
                raise FatalError("store_failed", f"rollback failed: {named(error)}") from error
        except OSError:
            await connection.invalidate()


def _remember(context: ExceptionContext) -> None:
    if context.connection is not None:
        context.connection.info[_FAILED] = True


def _check_sound(connection: AsyncConnection) -> None:
    """Refuse to commit what is not whole, however its error was taken inside the block.

    PostgreSQL undoes everything at the first failed statement and answers the COMMIT without an error.
    """
    if connection.info.get(_FAILED):
        raise UnavailableError("store_unavailable", "a statement of this transaction failed")


async def to_the_end(work: Coroutine[Any, Any, T]) -> T:
    """Await work to its end; a cancellation that arrives meanwhile is raised only then.

    A commit that its caller walked away from would else run on beside the next transaction of the same
    connection.
    """
    task = asyncio.ensure_future(work)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        while not task.done():
            await asyncio.wait([task])
        if not task.cancelled() and isinstance(error := task.exception(), FatalError):
            raise error from None
        raise
