"""Where the databases differ in SQL: what to do with a row whose place is taken."""

from __future__ import annotations

from typing import TypeAlias

from sqlalchemy import Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Dialect

Insert: TypeAlias = "sqlite.Insert | postgresql.Insert"


def insert_into(dialect: Dialect, table: Table) -> Insert:
    """An insert that knows ``on_conflict_do_nothing`` and ``on_conflict_do_update`` of that database."""
    return postgresql.insert(table) if dialect.name == "postgresql" else sqlite.insert(table)
