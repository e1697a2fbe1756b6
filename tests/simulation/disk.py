"""What a database has written, and what of it would outlive a power cut.

A commit is first written, which a killed process survives but a power cut may not, and is durable only
once it is synced. A power cut keeps some of the unsynced commits, the oldest first, as a write-ahead log
does.
"""

import random
from collections.abc import Callable, Iterable
from typing import Any

Key = tuple[str, Any]
Writes = dict[Key, Any]
"""New values by (table, key); a value of None deletes."""

_NOTHING: dict[Any, Any] = {}


class Disk:
    """Tables of one region's database: table → key → value, values never changed in place.

    Args:
        on_durable: told each (table, key) that has become durable.

    Attributes:
        refusing: how many further writes the full disk refuses.
        failing: how many further commits fail, done or not.
        size_before: size of each log before its newest commit.
        on_written: called when a commit is written and not synced.
    """

    def __init__(self, on_durable: Callable[[Iterable[Key]], None] = lambda _: None) -> None:
        self.tables: dict[str, dict[Any, Any]] = {}
        self.refusing = 0
        self.failing = 0
        self.size_before: dict[Any, int] = {}
        self.on_written: Callable[[], object] | None = None
        self._on_durable = on_durable
        self._unsynced: list[tuple[list[tuple[Key, Any]], Writes]] = []

    def get(self, table: str, key: Any, default: Any = None) -> Any:
        return self.tables.get(table, _NOTHING).get(key, default)

    def write(self, writes: Writes) -> None:
        """Apply a commit; not durable yet."""
        undo = [(place, self.get(*place)) for place in writes]
        self.size_before.update(
            {key: value or 0 for (table, key), value in undo if table == "size"}
        )
        self._put(writes.items())
        self._unsynced.append((undo, writes))
        if self.on_written is not None:
            self.on_written()

    def sync(self) -> None:
        """All that is written becomes durable."""
        unsynced, self._unsynced = self._unsynced, []
        for _, writes in unsynced:
            self._on_durable(writes)

    def durable(self, table: str, key: Any, default: Any = None) -> Any:
        """A value as it would outlive a power cut."""
        for undo, writes in self._unsynced:
            if (table, key) in writes:
                return next(
                    default if old is None else old for place, old in undo if place == (table, key)
                )
        return self.get(table, key, default)

    def lose_power(self, rng: random.Random) -> int:
        """Drop the newest unsynced commits, as many as chance wants; how many."""
        kept = rng.randint(0, len(self._unsynced))
        lost = self._unsynced[kept:]
        for undo, _ in reversed(lost):
            self._put(undo)
        del self._unsynced[kept:]
        self.sync()
        return len(lost)

    def copy(self) -> "Disk":
        """What a backup taken now would hold."""
        made = Disk(self._on_durable)
        made.tables = {name: dict(rows) for name, rows in self.tables.items()}
        return made

    def _put(self, values: Iterable[tuple[Key, Any]]) -> None:
        for (table, key), value in values:
            rows = self.tables.setdefault(table, {})
            if value is None:
                rows.pop(key, None)
            else:
                rows[key] = value


class Draft:
    """One open transaction: sees its own writes, nobody else does."""

    def __init__(self, disk: Disk) -> None:
        self._disk = disk
        self.writes: Writes = {}

    def get(self, table: str, key: Any, default: Any = None) -> Any:
        if (table, key) in self.writes:
            value = self.writes[table, key]
            return default if value is None else value
        return self._disk.get(table, key, default)

    def put(self, table: str, key: Any, value: Any) -> None:
        self.writes[table, key] = value
