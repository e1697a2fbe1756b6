"""The dev chain's state as key-value rows in one SQLite file, committed once per block."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from eth.db.backends.base import BaseDB

from ledger.errors import FatalError, UnavailableError


class SqliteDB(BaseDB):
    """py-evm's key-value store over SQLite; ``path`` None keeps it in memory.

    Writes stay in one open transaction until ``commit``, so that a crash in the middle of a block
    leaves the block before. Only one thread at a time may use it, and only one process: a second
    chain on the same file would interleave two histories.

    Raises UnavailableError(devchain_in_use) if another process holds the file.
    """

    def __init__(self, path: Path | None) -> None:
        self._connection = sqlite3.connect(
            ":memory:" if path is None else str(path),
            isolation_level=None,
            check_same_thread=False,
            timeout=1,
        )
        try:
            self._prepare()
        except sqlite3.OperationalError as error:
            self._connection.close()
            raise UnavailableError(
                "devchain_in_use", f"the chain's file {path} cannot be opened alone: {error}"
            ) from error

    def _prepare(self) -> None:
        # Exclusive locking is what keeps a second process out; it must be set before the first read.
        for line in (
            "PRAGMA locking_mode=EXCLUSIVE",
            "PRAGMA journal_mode=WAL",
            "PRAGMA synchronous=FULL",
            "CREATE TABLE IF NOT EXISTS kv (k BLOB PRIMARY KEY, v BLOB NOT NULL) WITHOUT ROWID",
            "BEGIN IMMEDIATE",
        ):
            self._connection.execute(line)

    def __getitem__(self, key: bytes) -> bytes:
        """The value; raises KeyError."""
        row = self._connection.execute("SELECT v FROM kv WHERE k = ?", (key,)).fetchone()
        if row is None:
            raise KeyError(key)
        value: bytes = row[0]
        return value

    def __setitem__(self, key: bytes, value: bytes) -> None:
        """Insert or replace."""
        self._connection.execute("INSERT OR REPLACE INTO kv VALUES (?, ?)", (key, value))

    def __delitem__(self, key: bytes) -> None:
        """Remove; raises KeyError."""
        if self._connection.execute("DELETE FROM kv WHERE k = ?", (key,)).rowcount == 0:
            raise KeyError(key)

    def _exists(self, key: bytes) -> bool:
        found = self._connection.execute("SELECT 1 FROM kv WHERE k = ?", (key,)).fetchone()
        return found is not None

    def commit(self) -> None:
        """Make everything written so far durable; raises FatalError(devchain_store_failed)."""
        try:
            self._connection.execute("COMMIT")
            self._connection.execute("BEGIN IMMEDIATE")
        except sqlite3.Error as error:
            raise FatalError(
                "devchain_store_failed", f"the chain's state could not be written: {error}"
            ) from error

    def rollback(self) -> None:
        """Forget what was written since the last commit."""
        self._connection.execute("ROLLBACK")
        self._connection.execute("BEGIN IMMEDIATE")

    def close(self) -> None:
        """Forget what is not committed and release the file."""
        self._connection.close()
