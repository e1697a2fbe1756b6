"""ports.HeadLock on files in memory, in the real one's steps: write beside, sync, rename, sync the folder."""

import asyncio
import random
from dataclasses import dataclass, field, replace
from typing import Any

from ledger.errors import FatalError
from ledger.failpoints import reach
from ledger.ports import HeadState
from ledger.values import Origin, TreeHead
from tests.simulation.process import Process


@dataclass(frozen=True, slots=True)
class File:
    """One file: what it says, whether it is damaged, whether it would outlive a power cut as it is."""

    says: Any
    synced: bool = False
    torn: bool = False


@dataclass
class Folder:
    """A folder as written, and as it was when it was last synced."""

    files: dict[str, File] = field(default_factory=dict)
    synced: dict[str, File] = field(default_factory=dict)

    def put(self, name: str, says: Any) -> None:
        """A file that lies there safely."""
        self.files[name] = File(says, synced=True)
        self.sync()

    def tear(self, name: str) -> None:
        self.files[name] = File(None, synced=True, torn=True)
        self.sync()

    def remove(self, name: str) -> None:
        self.files.pop(name, None)
        self.sync()

    def sync_file(self, name: str) -> None:
        self.files[name] = replace(self.files[name], synced=True)

    def rename(self, old: str, new: str) -> None:
        self.files[new] = self.files.pop(old)

    def sync(self) -> None:
        self.synced = dict(self.files)

    def lose_power(self, rng: random.Random) -> None:
        """Names that were not synced may be the old ones again; content that was not is torn."""
        for name in sorted(self.files.keys() | self.synced.keys()):
            kept = self.files.get(name)
            if kept != self.synced.get(name) and rng.random() < 0.5:
                kept = self.synced.get(name)
            if kept is None:
                self.files.pop(name, None)
            else:
                self.files[name] = kept if kept.synced else replace(kept, torn=True, synced=True)
        self.sync()


class ModelHeadLock:
    """The lock of one region, held by one process."""

    def __init__(
        self, folder: Folder, process: Process, rng: random.Random, fsync_seconds: float
    ) -> None:
        self._folder = folder
        self._process = process
        self._rng = rng
        self._fsync_seconds = fsync_seconds
        # As the real one: a rename that a killed process left unsynced must not be lost later.
        folder.sync()

    async def read(self, origin: Origin) -> HeadState:
        self._process.check()
        return self._read(origin)

    async def swap(self, origin: Origin, old: TreeHead | None, new: TreeHead) -> None:
        self._process.check()
        state = self._read(origin)
        if state.torn or state.head != old:
            raise FatalError("head_lock_moved", f"the lock of {origin} does not hold the old head")
        await self._write(str(origin), new)

    async def adopt(self, origin: Origin, head: TreeHead) -> None:
        self._process.check()
        await self._write(str(origin), head)

    async def identity(self) -> bytes | None:
        return self._says("instance")

    async def beside(self, store: str | None) -> None:
        """The model's databases cannot be told from their copies."""

    async def claim(self, identity: bytes) -> None:
        self._process.check()
        await self._write("instance", identity)

    async def leader(self, origin: Origin) -> Any:
        return self._says(f"{origin.region}.leader")

    async def follow(self, origin: Origin, leader: Any) -> None:
        self._process.check()
        await self._write(f"{origin.region}.leader", leader)

    def _says(self, name: str) -> Any:
        self._process.check()
        file = self._folder.files.get(name)
        return None if file is None or file.torn else file.says

    def _read(self, origin: Origin) -> HeadState:
        file = self._folder.files.get(str(origin))
        return HeadState(None) if file is None else HeadState(file.says, file.torn)

    async def _write(self, name: str, says: Any) -> None:
        beside = f"{name}.new"
        self._folder.files[beside] = File(says)
        await self._take_time()
        self._folder.sync_file(beside)
        reach("lock.written")
        self._folder.rename(beside, name)
        reach("lock.replaced")
        await self._sync_folder()
        reach("lock.moved")

    async def _sync_folder(self) -> None:
        await self._take_time()
        self._folder.sync()

    async def _take_time(self) -> None:
        await asyncio.sleep(self._rng.random() * self._fsync_seconds)
