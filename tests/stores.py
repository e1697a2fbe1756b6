"""The two databases a store may stand in, for tests that hold for both."""

import contextlib
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from ledger.store import PostgresStore, SqliteStore
from ledger.store.postgres_engine import preparing_engine
from ledger.store.sqlite_engine import writer_engine

Store = PostgresStore | SqliteStore
KINDS = ["sqlite", "postgres"]


@dataclass
class Database:
    """One empty database; what ``open`` gave before must be closed before it is opened again.

    Attributes:
        kind: ``sqlite`` or ``postgres``.
        open: makes it a store, with the keywords of its class.
        engine: a bare connection to it, for what a store does not do.
    """

    kind: str
    open: Callable[..., Awaitable[Store]]
    engine: Callable[[], AsyncEngine]


@pytest.fixture(params=KINDS)
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """A file, then a database of the test server."""
    if request.param == "sqlite":
        path = tmp_path / "ledger.db"
        yield Database("sqlite", partial(SqliteStore.open, path), partial(writer_engine, path))
        return
    server = request.getfixturevalue("postgres")
    with server.database() as name:
        address = server.address(name)
        bare = partial(preparing_engine, address)
        yield Database("postgres", partial(PostgresStore.open, address), bare)


@pytest.fixture
def either(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let a test that opens SQLite files run on PostgreSQL too: each path is a database there.

    Tests that handle the file itself bear the mark ``file`` and stay with SQLite.
    """
    if request.param == "sqlite":
        yield
        return
    server = request.getfixturevalue("postgres")
    with contextlib.ExitStack() as taken:
        names: dict[Path, str] = {}

        async def open_instead(path: Path, **how) -> PostgresStore:
            if path not in names:
                names[path] = taken.enter_context(server.database())
            return await PostgresStore.open(server.address(names[path]), **how)

        monkeypatch.setattr(SqliteStore, "open", open_instead)
        yield


def parametrize_either(metafunc: pytest.Metafunc) -> None:
    """For ``pytest_generate_tests``."""
    if "either" in metafunc.fixturenames:
        file = metafunc.definition.get_closest_marker("file")
        metafunc.parametrize("either", ["sqlite"] if file else KINDS, indirect=True)
