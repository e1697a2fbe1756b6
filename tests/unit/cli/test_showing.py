"""The demo ends when it is told to, wherever it is just then."""

import asyncio
import signal

import pytest

from ledger.cli.showing import end_on_sigterm


@pytest.fixture(autouse=True)
def _handler_kept():
    before = signal.getsignal(signal.SIGTERM)
    yield
    signal.signal(signal.SIGTERM, before)


def test_sigterm_is_not_lost_in_a_request():
    async def request():
        try:
            signal.raise_signal(signal.SIGTERM)
        except BaseException:  # noqa: BLE001 - as a server does with whatever a request raises
            pytest.fail("it was raised into the request")

    async def serve():
        end_on_sigterm()
        await asyncio.create_task(request())
        await asyncio.sleep(20)

    with pytest.raises(asyncio.CancelledError):
        asyncio.run(serve())
