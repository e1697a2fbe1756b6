import asyncio

import httpx2
import pytest
from fastapi import FastAPI

from ledger.api import problems
from ledger.errors import FatalError, UnavailableError
from ledger.node.fatal import end_on_fatal
from ledger.node.world import AsyncioTasks


async def asked(error):
    """Status of a request that raises the error, and what the tasks failed with, if they did."""
    app, tasks = FastAPI(), AsyncioTasks()
    problems.install(app)
    end_on_fatal(app, tasks)

    @app.get("/")
    async def route():
        raise error

    async with httpx2.AsyncClient(
        transport=httpx2.ASGITransport(app), base_url="http://node"
    ) as http:
        status = (await http.get("/")).status_code
    await asyncio.sleep(0.01)
    failure = tasks.failed.exception() if tasks.failed.done() else None
    await tasks.stop()
    return status, failure


def test_a_request_that_ends_fatally_ends_the_node():
    error = FatalError("store_failed", "commit failed")
    assert asyncio.run(asked(error)) == (500, error)


@pytest.mark.parametrize("error", [UnavailableError("busy", "later")])
def test_a_request_that_only_failed_does_not(error):
    assert asyncio.run(asked(error)) == (503, None)
