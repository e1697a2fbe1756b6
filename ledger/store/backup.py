"""A consistent copy of a SQLite database while its node runs."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from pathlib import Path
from urllib.parse import quote

from ledger.errors import ConflictError, FatalError

_PAGES = 1024


def copy_sqlite(source: Path, target: Path) -> None:
    """Copy a database as one moment shows it; the copy is durable on return and one file.

    The source is opened read-only, so nothing of it is checkpointed here.

    Raises:
        ConflictError: backup_exists, if there is a file of that name.
        FatalError: store_failed, if the source cannot be read or the copy not be written.
    """
    if target.exists():
        raise ConflictError("backup_exists", f"{target} is there already")
    target.parent.mkdir(parents=True, exist_ok=True)
    made = target.with_name(f"{target.name}.part")
    made.unlink(missing_ok=True)
    address = f"file:{quote(str(source.resolve()))}?mode=ro"
    try:
        with (
            closing(sqlite3.connect(address, uri=True)) as one,
            closing(sqlite3.connect(made)) as other,
        ):
            one.execute("PRAGMA wal_autocheckpoint=0")
            # Held from here to the end: between two steps without it, the commit of another connection
            # makes SQLite begin the copy anew, and a busy node's would never end. Its writer can meanwhile
            # not reuse the WAL, which grows by what is committed until then, and shrinks to use after.
            one.execute("BEGIN")
            one.execute("SELECT count(*) FROM sqlite_master").fetchone()
            one.backup(other, pages=_PAGES)
    except sqlite3.Error as error:
        made.unlink(missing_ok=True)
        raise FatalError("store_failed", f"cannot copy {source.name}: {error}") from error
    _sync(made)
    made.rename(target)
    _sync(target.parent)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
