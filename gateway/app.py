"""The gateway's ASGI app: pages, API, headers that keep the page to itself."""

from __future__ import annotations

import logging
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import orjson
from fastapi import FastAPI
from fastapi.staticfiles import StaticFiles

from gateway import api, pages, problems
from gateway.door import Door
from gateway.evidence import Evidencer
from gateway.finding import Finder
from gateway.headers import Outgoing
from gateway.regions import Regions
from gateway.settings import GatewaySettings
from ledger import __version__
from ledger.client import NodeClient
from ledger.client.http import SECONDS
from ledger.errors import LedgerError, UnavailableError
from ledger.values import Millis
from ledger.verify.policy import policy_from_network

_LOG = logging.getLogger(__name__)

Connect = Callable[[str, str], NodeClient]
"""Makes the client of a node from its region name and address."""


def create_app(settings: GatewaySettings, connect: Connect | None = None) -> FastAPI:
    """The gateway for one network file; the file is read again when it changes.

    ``connect`` replaces how nodes are reached (in-process tests).
    """
    door = DoorMaker(settings, connect or _over_http(settings.node_timeout))

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        yield
        await door.close()

    app = FastAPI(
        title="Jing-Jin-Ji Customs Ledger, gateway",
        lifespan=lifespan,
        version=__version__,
        docs_url=None,
        redoc_url=None,
        openapi_url="/api/openapi.json",
        max_body_size=1024 * 1024,
    )
    app.state.door = door
    app.add_middleware(Outgoing)
    problems.install(app)
    app.include_router(api.router)
    app.include_router(pages.router)
    app.mount("/static", StaticFiles(directory=Path(__file__).parent / "web" / "static"))

    return app


class DoorMaker:
    """Keeps the door of the network file as it is now."""

    def __init__(self, settings: GatewaySettings, connect: Connect) -> None:
        self._settings = settings
        self._connect = connect
        self._nodes: dict[tuple[str, str], NodeClient] = {}
        self._made: tuple[bytes, Door] | None = None

    def __call__(self) -> Door:
        """The door, made again when the file's bytes differ.

        Raises:
            UnavailableError: network_unreadable, as while a network is still being founded.
        """
        try:
            data = self._settings.network_file.read_bytes()
        except OSError as error:
            detail = f"no network file yet: {error.strerror}"
            raise UnavailableError("network_unreadable", detail) from error
        if self._made is None or self._made[0] != data:
            try:
                self._made = (data, self._make(data))
            except (LedgerError, ValueError, KeyError, TypeError) as error:
                # The detail is for whoever runs the site, the code for everyone.
                _LOG.error("network file %s: %r", self._settings.network_file, error)
                detail = "the network file is not of its form"
                raise UnavailableError("network_unreadable", detail) from error
        return self._made[1]

    async def close(self) -> None:
        """Close the connections to the nodes."""
        for node in self._nodes.values():
            await node.close()

    def _make(self, data: bytes) -> Door:
        network: dict[str, Any] = orjson.loads(data)
        nodes = {one["name"]: self._node(one["name"], one["url"]) for one in network["regions"]}
        regions = Regions(nodes, self._settings.node_timeout)
        policy = policy_from_network(network)
        return Door(
            finder=Finder(regions),
            evidencer=Evidencer(regions, policy, _now),
            policy=policy,
            network_json=data,
            examples=self._settings.examples,
        )

    def _node(self, region: str, url: str) -> NodeClient:
        return self._nodes.setdefault((region, url), self._connect(region, url))


def _over_http(seconds: float) -> Connect:
    # The client itself must not give a region up before its time is over.
    def connect(region: str, url: str) -> NodeClient:
        return NodeClient(url, region=region, seconds=max(seconds, SECONDS))

    return connect


def _now() -> Millis:
    return Millis(time.time_ns() // 1_000_000)
