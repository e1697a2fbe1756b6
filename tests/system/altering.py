"""Altering a region's database cell by cell, and a node that answers from it."""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

Cell = tuple[str, str, dict[str, Any]]
"""Table, column, and the primary key of the row."""


@dataclass(frozen=True)
class Alteration:
    """One cell with another value."""

    table: str
    column: str
    place: dict[str, Any]
    before: Any
    after: Any

    def __str__(self) -> str:
        shown = repr(self.after)
        return f"{self.table}.{self.column} {self.place} := {shown[:120]}"


class Database:
    """A copy of a region's database, altered through a connection of its own."""

    def __init__(self, path: Path) -> None:
        self.sql = sqlite3.connect(path, isolation_level=None)
        self.sql.execute("PRAGMA synchronous=OFF")
        self.sql.execute("PRAGMA wal_autocheckpoint=0")

    def tables(self) -> list[str]:
        query = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
        return [name for (name,) in self.sql.execute(query)]

    def columns(self, table: str) -> list[tuple[str, bool]]:
        """Names, and whether they are part of the primary key."""
        rows = self.sql.execute(f'PRAGMA table_info("{table}")')
        return [(row[1], bool(row[5])) for row in rows]

    def rows(self, table: str, where: str = "1", args: tuple = ()) -> list[dict[str, Any]]:
        names = [name for name, _ in self.columns(table)]
        listed = ", ".join(f'"{name}"' for name in names)
        query = f'SELECT {listed} FROM "{table}" WHERE {where}'
        return [dict(zip(names, row, strict=True)) for row in self.sql.execute(query, args)]

    def key(self, table: str, row: dict[str, Any]) -> dict[str, Any]:
        return {name: row[name] for name, primary in self.columns(table) if primary}

    def write(self, table: str, place: dict[str, Any], column: str, value: object) -> None:
        where = " AND ".join(f'"{name}" = ?' for name in place)
        self.sql.execute(
            f'UPDATE "{table}" SET "{column}" = ? WHERE {where}', (value, *place.values())
        )

    @contextmanager
    def altered(self, one: Alteration) -> Iterator[bool]:
        """With that one cell changed; gives False where the database itself refuses the value."""
        try:
            self.write(one.table, one.place, one.column, one.after)
        except (sqlite3.IntegrityError, OverflowError):
            yield False
            return
        moved = dict(one.place)
        if one.column in moved:
            moved[one.column] = one.after
        try:
            yield True
        finally:
            self.write(one.table, moved, one.column, one.before)


def flipped(value: object, dice: random.Random) -> object:
    """The value with one bit changed, in any byte."""
    if isinstance(value, int):
        return value ^ (1 << dice.randrange(40))
    data = bytearray(value.encode() if isinstance(value, str) else value)
    data[dice.randrange(len(data))] ^= 1 << dice.randrange(7)
    return data.decode("utf-8", "replace") if isinstance(value, str) else bytes(data)


def others(value: object, column: list[Any], dice: random.Random) -> Iterator[object]:
    """Values nobody should write there: another row's, of another type, none, too much."""
    yield from dice.sample(column, min(2, len(column)))
    yield dice.choice([None, b"", "", 0, -1, 2**62, "?", b"\xff\x00" * 16, 1.5, "x" * 5000])
    if isinstance(value, str | bytes) and value:
        yield value[: dice.randrange(len(value))]
        yield value + value[:1]
    if isinstance(value, int):
        yield value + dice.choice([-1, 1, 256])
