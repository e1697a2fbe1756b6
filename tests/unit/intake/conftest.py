import asyncio
from pathlib import Path

import pytest

from ledger.store import SqliteStore
from tests.unit.intake.posting import desk


@pytest.fixture(autouse=True)
def both_databases(either):
    """What is promised holds on both."""


@pytest.fixture
def with_desk(tmp_path: Path):
    """Run an async test with an intake over a fresh store, the firm registered unless told otherwise."""

    def run(test, *, registered=True, **settings):
        async def whole():
            store = await SqliteStore.open(tmp_path / "ledger.db")
            try:
                made = desk(store, **settings)
                if registered:
                    await made.register()
                return await test(made)
            finally:
                await store.close()

        return asyncio.run(whole())

    return run
