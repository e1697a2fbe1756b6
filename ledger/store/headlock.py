"""The head lock in files: one small file per log, outside the database and outside every backup of it.

A database restored from a copy, or a second copy of a node, holds an older log than the one whose heads
were already signed. The lock remembers the newest head, so that neither can sign a fork (DESIGN D3).
Beside the heads lies whom each region's holders follow, the folder's own name, and the name of the database.
"""

from __future__ import annotations

import asyncio
import fcntl
import os
import re
from dataclasses import replace
from pathlib import Path
from typing import IO

from ledger.errors import FatalError
from ledger.failpoints import reach
from ledger.ports import HeadState, LeaderToken
from ledger.store import lockleader, lockstore
from ledger.store.lockfile import checked, unchecked
from ledger.values import Origin, TreeHead

_CONTENT = re.compile(
    r"jjj head lock 1\n(?P<origin>[^\n]+)\n(?P<size>0|[1-9][0-9]{0,18})\n(?P<root>[0-9a-f]{64})\n"
)


class FileHeadLock:
    """ports.HeadLock on one directory, held by one process; make it with ``open``."""

    def __init__(self, directory: Path, held: IO[str]) -> None:
        self._directory = directory
        self._held = held
        self._database: str | None = None
        self._moved = False

    @classmethod
    def open(cls, directory: Path) -> FileHeadLock:
        """Take the directory for the life of this process.

        Raises:
            FatalError: head_lock_held, if another process has it; head_lock_failed, if it cannot be
                written to.
        """
        try:
            directory.mkdir(parents=True, exist_ok=True)
            held = (directory / "lock").open("a", encoding="ascii")
        except OSError as error:
            raise FatalError("head_lock_failed", f"cannot open {directory}: {error}") from error
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            held.close()
            raise FatalError("head_lock_held", f"another process leads with {directory}") from error
        try:
            # What a killed process renamed can be read here, and still be lost in a power cut.
            _sync_folder(directory)
        except OSError as error:
            held.close()
            raise FatalError("head_lock_failed", f"cannot sync {directory}: {error}") from error
        return cls(directory, held)

    async def beside(self, database: str | None) -> None:
        """Compare the database that is open (``Store.identity``) with the one this lock was kept beside.

        They may differ after a promotion or a restore: every head reads as ``moved`` then, until one is
        adopted. A lock without heads takes the database that it first meets.
        """
        await asyncio.to_thread(self._beside, database)

    async def read(self, origin: Origin) -> HeadState:
        """The head last swapped in; ``head`` is None where there is none or it is torn."""
        return await asyncio.to_thread(self._read, origin)

    async def swap(self, origin: Origin, old: TreeHead | None, new: TreeHead) -> None:
        """Move the head from old to new, durable on return.

        Raises:
            FatalError: head_lock_moved, if the lock does not hold old; head_lock_failed, if the disk
                does not take it.
        """
        await asyncio.to_thread(self._swap, origin, old, new)

    async def adopt(self, origin: Origin, head: TreeHead) -> None:
        """Set the head whatever the lock holds, beside the database that is open now."""
        await asyncio.to_thread(self._adopt, origin, head)

    async def identity(self) -> bytes | None:
        """Name of this lock, 16 bytes; None where it was never claimed or the folder is a copy."""
        return await asyncio.to_thread(self._identity)

    async def claim(self, identity: bytes) -> None:
        """Bind a new name to this folder on this machine, durable on return."""
        content = lockleader.instance(self._directory, identity)
        await asyncio.to_thread(self._replace, self._directory / "instance", content)

    async def leader(self, origin: Origin) -> LeaderToken | None:
        """The leader of the log's region that was followed last; None also where the file is torn."""
        content = await asyncio.to_thread(self._content, self._leader_path(origin))
        return None if content is None else lockleader.parse_leader(origin, content)

    async def follow(self, origin: Origin, leader: LeaderToken) -> None:
        """Remember the leader of the log's region, durable on return."""
        content = lockleader.format_leader(origin, leader)
        await asyncio.to_thread(self._replace, self._leader_path(origin), content)

    def close(self) -> None:
        """Let another process take the directory."""
        self._held.close()

    def _path(self, origin: Origin) -> Path:
        return self._directory / f"{origin.region}-{origin.epoch}-{origin.log_id.hex()[:16]}.head"

    def _leader_path(self, origin: Origin) -> Path:
        return self._directory / lockleader.leader_name(origin)

    def _identity(self) -> bytes | None:
        content = self._content(self._directory / "instance")
        return None if content is None else lockleader.identity_of(self._directory, content)

    def _beside(self, database: str | None) -> None:
        self._database = database
        content = self._content(self._directory / lockstore.NAME)
        if content is None and not any(self._directory.glob("*.head")):
            self._keep_database()
        else:
            self._moved = not lockstore.names(content, database)

    def _keep_database(self) -> None:
        content = lockstore.format_store(self._database)
        self._replace(self._directory / lockstore.NAME, content)
        self._moved = False

    def _adopt(self, origin: Origin, head: TreeHead) -> None:
        self._write(origin, head)
        if self._moved:
            self._keep_database()

    def _read(self, origin: Origin) -> HeadState:
        content = self._content(self._path(origin))
        state = HeadState(None) if content is None else _parse(origin, content)
        return replace(state, moved=self._moved)

    def _content(self, path: Path) -> bytes | None:
        try:
            return path.read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise FatalError("head_lock_failed", f"cannot read {path.name}: {error}") from error

    def _swap(self, origin: Origin, old: TreeHead | None, new: TreeHead) -> None:
        state = self._read(origin)
        if state.torn or state.head != old:
            raise FatalError(
                "head_lock_moved",
                f"the lock of {origin} holds {_name(state.head)}, not {_name(old)}",
            )
        self._write(origin, new)

    def _write(self, origin: Origin, head: TreeHead) -> None:
        body = f"jjj head lock 1\n{origin}\n{head.size}\n{head.root.hex()}\n"
        self._replace(self._path(origin), checked(body))

    def _replace(self, path: Path, content: bytes) -> None:
        beside = path.with_suffix(".new")
        try:
            with beside.open("wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            reach("lock.written")
            beside.replace(path)
            reach("lock.replaced")
            # Without this the rename itself may be lost on a power cut, and with it a head whose
            # signature has already left the house.
            _sync_folder(self._directory)
        except OSError as error:
            raise FatalError("head_lock_failed", f"cannot write {path.name}: {error}") from error
        reach("lock.moved")


def _sync_folder(directory: Path) -> None:
    folder = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _parse(origin: Origin, content: bytes) -> HeadState:
    match = _CONTENT.fullmatch(unchecked(content) or "")
    if match is None or match["origin"] != str(origin) or int(match["size"]) >= 2**63:
        return HeadState(None, torn=True)
    return HeadState(TreeHead(int(match["size"]), bytes.fromhex(match["root"])))


def _name(head: TreeHead | None) -> str:
    return "no head" if head is None else f"size {head.size} root {head.root.hex()[:16]}"
