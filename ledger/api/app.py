"""The node's HTTP face: routes only; every decision is made in a service."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from fastapi import FastAPI

from ledger import __version__
from ledger.api import health, holding, logs, metrics, problems, records
from ledger.api.bodies import BodyLimit
from ledger.api.requestids import RequestIds
from ledger.intake import Intake
from ledger.mirroring import Keeper, Witness
from ledger.mirroring.batches import MOST_BYTES
from ledger.ports import Clock, Random, Store
from ledger.sealing import Sealer
from ledger.sharing import Reader


class Limits(Protocol):
    """What the HTTP face itself bounds."""

    max_body_bytes: int
    max_batch_lines: int


@dataclass(frozen=True)
class NodeServices:
    """The services behind the routes, and what is served as it stands.

    Attributes:
        network: name of the network.
        region: this node's region.
        network_json: the network file's bytes as they are now.
        readiness: what /readyz answers; ``ready`` decides the status.
    """

    network: str
    region: str
    network_json: Callable[[], bytes]
    readiness: Callable[[], dict[str, Any]]
    intake: Intake
    sealer: Sealer
    reader: Reader
    witness: Witness
    keeper: Keeper
    store: Store
    clock: Clock
    random: Random
    limits: Limits


def create_app(services: NodeServices) -> FastAPI:
    """The ASGI app of one node."""
    app = FastAPI(
        title=f"Jing-Jin-Ji Customs Ledger, node {services.region}",
        version=__version__,
        docs_url=None,
        redoc_url=None,
    )
    app.state.services = services
    app.state.metrics = metrics.Metrics(services.readiness)
    problems.install(app)
    app.add_middleware(
        BodyLimit, most=services.limits.max_body_bytes, between_nodes={"hold": 2 * MOST_BYTES}
    )
    # Last, so outermost: what the limit turns away has a name and a line, too.
    app.add_middleware(RequestIds, clock=services.clock, random=services.random)
    app.include_router(records.router)
    app.include_router(holding.router)
    app.include_router(logs.router)
    app.include_router(health.router)
    app.include_router(metrics.router)
    return app
