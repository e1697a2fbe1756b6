"""``jjj gateway``: the gateway as a process of its own, set up through its environment."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Mapping
from types import FrameType
from typing import Annotated

import typer

from ledger.cli.options import NETWORK_FILE, AsJson, NetworkFile
from ledger.cli.output import REFUSED, answer, guarded
from ledger.errors import UnavailableError


@guarded
def gateway(
    network: NetworkFile = NETWORK_FILE,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="Port to listen on; 0 takes a free one.")
    ] = 8100,
    node_timeout: Annotated[
        float, typer.Option(min=0.1, help="Seconds a region has to answer.")
    ] = 5.0,
    example: Annotated[
        list[str] | None,
        typer.Option(metavar="NUMBER", help="Offered on the start page; repeatable."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Run the gateway and its page until it is stopped; prints its address."""
    child = start(
        {
            "JJJ_GATEWAY_NETWORK_FILE": str(network.resolve()),
            "JJJ_GATEWAY_LISTEN_HOST": host,
            "JJJ_GATEWAY_LISTEN_PORT": str(port),
            "JJJ_GATEWAY_NODE_TIMEOUT": str(node_timeout),
            "JJJ_GATEWAY_EXAMPLES": json.dumps(example or []),
        }
    )
    url = child.stdout.readline().strip() if child.stdout else ""
    if not url:
        # It has said why itself, on the stderr that it shares with us.
        child.communicate()
        raise UnavailableError("gateway_unavailable", "the gateway did not start")
    answer({"url": url, "pid": child.pid}, url, as_json=as_json)
    raise typer.Exit(wait(child))


def start(settings: Mapping[str, str]) -> subprocess.Popen[str]:
    """Start ``python -m gateway`` with these settings; its first line is its address."""
    from ledger.settings import child_environment

    return subprocess.Popen(
        [sys.executable, "-m", "gateway"],
        env=child_environment(settings),
        stdout=subprocess.PIPE,
        text=True,
    )


def wait(child: subprocess.Popen[str]) -> int:
    """Wait for the child's end and pass on what would end this process; 0 or 1."""

    def forward(number: int, frame: FrameType | None) -> None:  # noqa: ARG001 - signal's signature
        child.send_signal(number)

    before = {number: signal.signal(number, forward) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        status = child.wait()
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    # Ended by our own signal is an orderly end.
    return 0 if status in {0, -signal.SIGINT, -signal.SIGTERM} else REFUSED
