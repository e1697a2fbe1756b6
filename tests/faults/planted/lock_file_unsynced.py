"""Planted: the lock's new file is not synced before the rename, so a power cut leaves it torn."""

import os

from ledger.store import headlock


class _Unsynced:
    """The module ``os``, but for one call."""

    def __getattr__(self, name):
        return (lambda _: None) if name == "fsync" else getattr(os, name)


def plant() -> None:
    headlock.os = _Unsynced()
