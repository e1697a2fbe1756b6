import asyncio
from pathlib import Path

import pytest

from tests.unit.sealing.harness import node_on


@pytest.fixture(autouse=True)
def both_databases(either):
    """What is promised holds on both."""


@pytest.fixture
def with_node(tmp_path: Path):
    """Run an async test with a running sealer on a fresh store."""

    def run(test, **settings):
        async def whole():
            async with node_on(tmp_path / "ledger.db", **settings) as node:
                return await test(node)

        return asyncio.run(whole())

    return run
