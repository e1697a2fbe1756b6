"""What every route needs: the finder, the evidencer and the policy of the network as it is now."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from fastapi import Request

from gateway.evidence import Evidencer
from gateway.finding import Finder
from ledger.verify.policy import Policy


@dataclass(frozen=True)
class Door:
    """The gateway's parts for one state of the network file."""

    finder: Finder
    evidencer: Evidencer
    policy: Policy
    network_json: bytes
    examples: Sequence[str]


def door_of(request: Request) -> Door:
    """The door for this request; made again when the network file has changed."""
    make: Callable[[], Door] = request.app.state.door
    return make()
