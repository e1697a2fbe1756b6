"""The page in a real browser, before the real stack: three regions, a chain, the story, a served gateway."""

import os
import re
import sqlite3
import threading
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
import uvicorn

from gateway.app import create_app
from gateway.settings import GatewaySettings
from ledger.client import NodeClient
from ledger.testing import running_network
from ledger.testing.story import post_story, tamper

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

CHROMIUM = Path(os.environ.get("JJJ_CHROMIUM", "/usr/bin/chromium"))
CONTAINER = "DEMU0000016"


class Served:
    """A gateway on a free loopback port; regions in ``silent`` cannot be reached by it."""

    def __init__(self, network):
        self.network = network
        self.silent = set()
        # On a busy machine a region that answers late is not a silent one.
        settings = GatewaySettings(
            network_file=network.local.network_file, examples=[CONTAINER], node_timeout=30
        )
        self.app = create_app(settings, self._connect)
        config = uvicorn.Config(self.app, port=0, log_level="warning", server_header=False)
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, daemon=True)

    def _connect(self, region, url):
        return _Breakable(self, NodeClient(url, region=region, seconds=30), region)

    def start(self):
        self._thread.start()
        while not self._server.started:
            assert self._thread.is_alive(), "the gateway did not start"
            self._thread.join(0.02)
        port = self._server.servers[0].sockets[0].getsockname()[1]
        self.url = f"http://127.0.0.1:{port}"

    def stop(self):
        self._server.should_exit = True
        self._thread.join(10)


class _Breakable:
    """A node's client that goes to a closed port while its region is silent."""

    def __init__(self, served, real, region):
        self._served, self._real, self._region = served, real, region
        self._dead = NodeClient("http://127.0.0.1:9", region=region)

    def __getattr__(self, name):
        silent = self._region in self._served.silent
        return getattr(self._dead if silent else self._real, name)

    async def close(self):
        await self._real.close()
        await self._dead.close()


class Story:
    """The posted records, and a change of one in its region's database, undone at the end of the block."""

    def __init__(self, network, posted):
        self.posted = posted
        self._network = network

    @contextmanager
    def tampered(self):
        bill = next(one for one in self.posted if one.kind == "bill_of_lading")
        database = self._network.local.folder / bill.region / "ledger.sqlite"
        name = bytes.fromhex(bill.receipt.id)
        with closing(sqlite3.connect(database, timeout=10)) as connection:
            connection.execute("PRAGMA wal_autocheckpoint=0")
            read = "SELECT disclosures FROM statement WHERE id = ?"
            before = connection.execute(read, (name,)).fetchone()[0]
            self._network.run(tamper(self._network.local, self.posted))
            try:
                yield
            finally:
                with connection:
                    write = "UPDATE statement SET disclosures = ? WHERE id = ?"
                    connection.execute(write, (before, name))


# Not for the session: playwright keeps an event loop running in this thread, under which no later test could
# start its own.
@pytest.fixture(scope="module")
def chromium():
    if not CHROMIUM.exists():
        message = f"no browser at {CHROMIUM}; name one in JJJ_CHROMIUM to run these tests"
        pytest.fail(message) if os.environ.get("CI") == "true" else pytest.skip(message)
    with playwright.sync_playwright() as made:
        browser = made.chromium.launch(
            executable_path=str(CHROMIUM),
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
        )
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def served(chromium, local_ledger):
    made = Served(local_ledger)
    made.start()
    yield made
    made.stop()


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

    return Story(local_ledger, local_ledger.run(post()))


class Visit:
    """One reader's browser window; remembers what it printed and where it reached out to."""

    def __init__(self, browser, served, **options):
        self.context = browser.new_context(**{"locale": "en-GB", **options})
        self.page = self.context.new_page()
        self.page.set_default_timeout(60_000)
        self.said, self.asked = [], []
        self.page.on("console", lambda message: self.said.append(message.text))
        self.page.on("pageerror", lambda error: self.said.append(str(error)))
        self.page.on("request", lambda request: self.asked.append(request.url))
        self._url = served.url

    def open(self, path):
        self.page.goto(self._url + path)
        return self.page

    def check_quiet(self):
        """No console message, and no request but to the gateway itself."""
        assert self.said == []
        assert self.asked
        assert [
            url for url in self.asked if not re.match(re.escape(self._url) + "/|data:,", url)
        ] == []


@pytest.fixture
def visit(chromium, served, story):
    made = []

    def start(**options):
        made.append(Visit(chromium, served, **options))
        return made[-1]

    yield start
    for one in made:
        one.check_quiet()
        one.context.close()
