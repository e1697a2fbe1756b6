"""What /metrics tells Prometheus: the numbers of /readyz, and how long authors wait for their receipts."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from fastapi import APIRouter, Request
from fastapi.responses import Response
from prometheus_client import CollectorRegistry, Histogram
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.metrics_core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

router = APIRouter(tags=["node"])

_DELAYS: Final = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)
_ANCHORING: Final = {
    "signed": "Leaves under the newest signed head.",
    "anchored": "Leaves under the head that the chain holds.",
    "backlog": "Leaves that wait to be anchored.",
    "waiting": "Seconds that the oldest leaf without an anchor has waited.",
    "head_age": "Seconds since the chain's head of the log was written; 0 before the first.",
}


class Metrics:
    """The metrics of one node.

    Attributes:
        merge_delay: seconds from the moment a statement was found good until its receipt was signed.
    """

    def __init__(self, readiness: Callable[[], Mapping[str, Any]]) -> None:
        self._registry = CollectorRegistry()
        self._registry.register(_Readings(readiness))
        self.merge_delay = Histogram(
            "jjj_merge_delay_seconds",
            "From a statement found good to its signed receipt.",
            buckets=_DELAYS,
            registry=self._registry,
        )

    def text(self) -> bytes:
        """All of them in Prometheus' text format."""
        return generate_latest(self._registry)


class _Readings(Collector):
    """Gauges read off the node's state when they are asked for."""

    def __init__(self, readiness: Callable[[], Mapping[str, Any]]) -> None:
        self._readiness = readiness

    def collect(self) -> Iterator[Metric]:
        """One gauge for each number, one for each cause that keeps something closed."""
        state = self._readiness()
        anchoring, copies, mirrors = state["anchoring"], state["copies"], state["mirrors"]
        yield _gauge("jjj_ready", "1 while records are taken.", state["ready"])
        yield _gauge("jjj_leading", "1 while the log may be written.", state["log"]["leading"])
        yield _gauge(
            "jjj_sealing_waiting", "Statements that wait to be logged.", state["log"]["waiting"]
        )
        for name, text in _ANCHORING.items():
            yield _gauge(f"jjj_anchor_{name}", text, anchoring[name])
        yield _gauge(
            "jjj_chain_reachable", "1 while the chain answers.", anchoring["unavailable"] is None
        )
        yield _gauge(
            "jjj_chain_identity",
            "1 while the chain is the one that the network file names.",
            anchoring["alarm"] != "chain_identity",
        )
        nodes = anchoring["chain_nodes"]
        up = {name: state == "ok" for name, state in nodes.items()}
        aside = {name: state == "set aside" for name, state in nodes.items()}
        yield _by("jjj_chain_node_up", "1 while it answers and is believed.", "authority", up)
        yield _by("jjj_chain_node_set_aside", "1 for a node set aside.", "authority", aside)
        codes = dict.fromkeys(sorted(standing_codes(state)), 1)
        yield _by("jjj_alarm", "1 for each code that /readyz shows.", "code", codes)
        held = {region: one["size"] for region, one in copies["mirrors"].items()}
        lags = {region: one["lag"] for region, one in copies["mirrors"].items()}
        yield _by("jjj_copies_size", "Leaves of the open log that a mirror holds.", "region", held)
        yield _by("jjj_copies_lag_seconds", "For how long a mirror has lacked one.", "region", lags)
        yield _by(
            "jjj_mirror_size", "Leaves held of another region's log.", "log", mirrors["sizes"]
        )
        yield _by(
            "jjj_mirror_missing",
            "1 for each log of which nobody gives what is known of.",
            "log",
            dict.fromkeys(mirrors["missing"], 1),
        )
        family = GaugeMetricFamily(
            "jjj_witness_lag_seconds",
            "For how long an anchored head has lacked a witness's cosignature.",
            labels=["log", "region"],
        )
        for log, lags in mirrors["witness_lags"].items():
            for region, lag in lags.items():
                family.add_metric([log, region], lag)
        yield family
        silent = dict.fromkeys(mirrors["silent"], 1)
        yield _by("jjj_region_silent", "1 for each region that does not answer.", "region", silent)


def standing_codes(state: Mapping[str, Any]) -> set[str]:
    """Every code of a node's state that keeps something from going its way."""
    found = [
        state["log"]["code"],
        state["copies"]["code"],
        state["anchoring"]["code"],
        state["anchoring"]["alarm"],
        state["network_file"],
        "clock_departed" if state["clock"] else None,
    ]
    return {code for code in found if code}


def _gauge(name: str, text: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, text, value=float(value))


def _by(name: str, text: str, label: str, values: Mapping[str, float]) -> GaugeMetricFamily:
    family = GaugeMetricFamily(name, text, labels=[label])
    for subject, value in values.items():
        family.add_metric([subject], float(value))
    return family


@router.get("/metrics", response_class=Response, include_in_schema=False)
async def metrics(request: Request) -> Response:
    """Metrics in Prometheus' text format."""
    return Response(request.app.state.metrics.text(), media_type=CONTENT_TYPE_LATEST)
