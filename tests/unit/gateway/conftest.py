"""A network with the whole sea import posted, and a gateway app in front of it, both in this process."""

from contextlib import contextmanager

import httpx2
import pytest

from gateway.app import create_app
from gateway.settings import GatewaySettings
from ledger.client import NodeClient
from ledger.testing import running_network
from ledger.testing.story import post_story


class Site:
    """The gateway's app, called on the network's own event loop."""

    def __init__(self, network):
        self.network = network
        self.silent = set()
        # On a busy machine a region that answers late is not a silent one.
        settings = GatewaySettings(
            network_file=network.local.network_file, examples=["DEMU0000016"], node_timeout=30
        )
        self.app = create_app(settings, self._connect)

    def _connect(self, region, url):
        address = "http://127.0.0.1:9" if region in self.silent else url
        return NodeClient(address, region=region, seconds=30)

    def get(self, path, **headers):
        return self._ask("GET", path, headers)

    def head(self, path, **headers):
        return self._ask("HEAD", path, headers)

    def _ask(self, method, path, headers):
        async def ask():
            transport = httpx2.ASGITransport(app=self.app, raise_app_exceptions=False)
            async with httpx2.AsyncClient(transport=transport, base_url="http://site") as http:
                return await http.request(
                    method, path, headers={k.replace("_", "-"): v for k, v in headers.items()}
                )

        return self.network.run(ask())


@contextmanager
def without(site, *silent):
    """A second site before the same network, to which these regions do not answer."""
    other = Site(site.network)
    other.silent |= set(silent)
    try:
        yield other
    finally:
        site.network.run(other.app.state.door.close())


# For this folder only, as every running network: an idle one still costs a seventh of a processor.
@pytest.fixture(scope="package")
def local_ledger():
    with running_network() as network:
        yield network


@pytest.fixture(scope="package")
def story(local_ledger):
    async def post():
        posted = [one async for one in post_story(local_ledger.local)]
        await local_ledger.local.settle()
        return posted

    return local_ledger.run(post())


@pytest.fixture
def site(local_ledger, story):
    made = Site(local_ledger)
    yield made
    local_ledger.run(made.app.state.door.close())
