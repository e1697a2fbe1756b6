"""One process at a time runs the chain of a folder, and others can tell which."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ledger.errors import UnavailableError

_FILE = "lock"


@contextmanager
def held(folder: Path) -> Iterator[None]:
    """Be the one while the block lasts; the kernel lets go of it however this process ends.

    Raises:
        UnavailableError: consortium_in_use.
    """
    with (folder / _FILE).open("a+", encoding="utf-8") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise UnavailableError(
                "consortium_in_use", f"another process runs the chain of {folder}"
            ) from None
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        yield


def holder(folder: Path) -> int | None:
    """The process that is the one now; none where nobody is, so that no stranger's number is ever told."""
    try:
        lock = (folder / _FILE).open(encoding="utf-8")
    except FileNotFoundError:
        return None
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            text = lock.read()
            return int(text) if text else None
    return None
