"""The file of a lock folder that names the database the lock is kept beside."""

from __future__ import annotations

from ledger.store.lockfile import checked, unchecked

NAME = "store"
_TITLE = "jjj store 1"
# What no database of a server is called: a file has no name that tells it from its copies.
_FILE = "file"


def format_store(database: str | None) -> bytes:
    """Content of the file."""
    return checked(f"{_TITLE}\n{database or _FILE}\n")


def names(content: bytes | None, database: str | None) -> bool:
    """Whether the file names that database; one that is torn names none.

    Where there is no file, the lock was made when every database was a file.
    """
    if content is None:
        return database is None
    return unchecked(content) == f"{_TITLE}\n{database or _FILE}\n"
