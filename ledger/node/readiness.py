"""What /readyz answers, from the parts of a node that it tells of."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ledger.anchoring import AnchorStatus, Outage
from ledger.chain.agreedchain import AgreedChain
from ledger.intake import ClockWatch
from ledger.mirroring.mirror import MirrorStatus
from ledger.ports import Chain, CopiesStatus
from ledger.sealing import Sealer
from ledger.values import Millis, Origin


def node_state(
    region: str,
    *,
    watch: ClockWatch,
    network_fault: str | None,
    sealer: Sealer,
    copies: CopiesStatus,
    anchoring: Mapping[str, Any],
    mirrors: Mapping[str, Any],
) -> dict[str, Any]:
    """State of log, anchoring, mirrors; ``anchoring`` and ``mirrors`` as told below."""
    standing = sealer.standing
    return {
        "ready": standing.leading
        and copies.code is None
        and anchoring["code"] is None
        and watch.fault is None,
        "region": region,
        "clock": watch.fault,
        "network_file": network_fault,
        "log": {
            "origin": str(sealer.origin),
            "leading": standing.leading,
            "code": standing.code,
            "detail": standing.detail,
            "waiting": sealer.waiting,
        },
        "copies": copies_state(copies),
        "anchoring": anchoring,
        "mirrors": mirrors,
    }


def copies_state(status: CopiesStatus) -> dict[str, Any]:
    """How far the mirrors hold the open log."""
    return {
        "wanted": status.wanted,
        "code": status.code,
        "mirrors": {
            region: {"size": one.size, "lag": round(one.lag, 1)}
            for region, one in status.mirrors.items()
        },
    }


def anchoring_state(
    status: AnchorStatus, outage: Outage, chain: Chain, now: Millis
) -> dict[str, Any]:
    """How far the chain holds the open log, and which of its nodes are believed."""
    return {
        "anchored": status.anchored,
        "signed": status.signed,
        "backlog": status.backlog,
        "waiting": round(outage.age, 1),
        "head_age": status.head_age(now) / 1000,
        "code": outage.code,
        "alarm": status.alarm.code if status.alarm else None,
        "unavailable": status.unavailable,
        "chain_nodes": chain.states if isinstance(chain, AgreedChain) else {},
    }


def mirrors_state(
    status: MirrorStatus, witness_lags: Mapping[Origin, Mapping[str, float]]
) -> dict[str, Any]:
    """How far this node holds the other regions' logs, and whose cosignatures are late."""
    return {
        "sizes": status.sizes,
        "missing": status.missing,
        "silent": list(status.silent),
        "witness_lags": {
            str(origin): {region: round(lag, 1) for region, lag in lags.items()}
            for origin, lags in witness_lags.items()
        },
    }
