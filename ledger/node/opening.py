"""What a node stands on: opened for a node that runs, or for a command while it does not."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from ledger.node.world import AsyncioTasks, SystemClock, SystemRandom
from ledger.ports import Clock, HeadLock, Random, Store, Tasks
from ledger.settings import NodeSettings
from ledger.store import FileHeadLock, open_store


@dataclass(frozen=True)
class World:
    """The ports a node stands on, apart from its chain and its peers."""

    clock: Clock
    random: Random
    tasks: Tasks
    store: Store
    head_lock: HeadLock

    async def close(self) -> None:
        """Release database and head lock; the tasks that work on them are stopped by whoever made them."""
        await self.store.close()
        if isinstance(self.head_lock, FileHeadLock):
            self.head_lock.close()


async def open_world(settings: NodeSettings, clock: Clock, random: Random, tasks: Tasks) -> World:
    """Open database and head lock; ``close`` them at the end.

    Raises:
        FatalError: head_lock_held where another node leads, store_held where one writes the file;
            store_failed, store_unsafe, schema_unknown.
    """
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    settings.lock_dir.mkdir(parents=True, exist_ok=True)
    async with AsyncExitStack() as opened:
        lock = FileHeadLock.open(settings.lock_dir)
        opened.callback(lock.close)
        store = await open_store(
            settings.data_dir,
            settings.database,
            settings.database_password_file,
            mark=random.bytes(8),
        )
        opened.push_async_callback(store.close)
        await lock.beside(await store.identity())
        opened.pop_all()
    return World(clock, random, tasks, store, lock)


@asynccontextmanager
async def resting_world(settings: NodeSettings) -> AsyncIterator[World]:
    """The world of a node that does not run, closed at the end; raises as ``open_world``."""
    tasks = AsyncioTasks()
    world = await open_world(settings, SystemClock(), SystemRandom(), tasks)
    try:
        yield world
    finally:
        await world.close()
        await tasks.stop()
