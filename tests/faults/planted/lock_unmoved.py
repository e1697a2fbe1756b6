"""Planted: the head lock moves in memory only, so it stops no one who comes with an old database."""

from ledger.ports import HeadState
from ledger.store.headlock import FileHeadLock


def plant() -> None:
    read, write, moved = FileHeadLock._read, FileHeadLock._write, {}

    def _read(self, origin):
        return moved.get(origin) or read(self, origin)

    def _write(self, origin, head):
        moved[origin] = HeadState(head)
        if head.size == 0:
            write(self, origin, head)

    FileHeadLock._read, FileHeadLock._write = _read, _write
