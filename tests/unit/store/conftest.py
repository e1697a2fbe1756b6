import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

import pytest

from tests.stores import Database, Store

T = TypeVar("T")


@pytest.fixture
def with_store(database: Database) -> Callable[[Callable[[Store], Awaitable[T]]], T]:
    """Run an async test against a fresh store, in each of the databases."""

    def run(test: Callable[[Store], Awaitable[T]]) -> T:
        async def whole() -> T:
            store = await database.open()
            try:
                return await test(store)
            finally:
                await store.close()

        return asyncio.run(whole())

    return run
