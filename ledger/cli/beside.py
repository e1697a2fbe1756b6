"""What `jjj demo` starts before anything else: its folder; chain and gateway as processes beside it.

Nothing heavy is imported here, so that both load on another core while the regions load on this one.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from ledger.errors import UnavailableError
from ledger.settings import child_environment

GATEWAY_PORT = 8100
PATIENCE = 30.0
"""Seconds a region of the demo has: all run in one process, so one that answers late is busy, not silent."""
_EXAMPLES = ("DEMOB26000001", "DEMU0000016", "010120261000000001", "INV:DEMO-KR-26-0001")


class Beside:
    """A process that prints its address once it listens there."""

    def __init__(self, what: str, process: subprocess.Popen[str]) -> None:
        self._what = what
        self._process = process
        self._url = ""

    def url(self) -> str:
        """Its address, waited for; raises UnavailableError(<what>_unavailable)."""
        if not self._url and self._process.stdout:
            self._url = self._process.stdout.readline().strip()
        if not self._url:
            raise UnavailableError(f"{self._what}_unavailable", f"the {self._what} did not start")
        return self._url


@contextmanager
def gateway_beside(network_file: Path) -> Iterator[Beside]:
    """Run the gateway while the block lasts; it reads the network file only when it is asked something."""
    settings = {
        "JJJ_GATEWAY_NETWORK_FILE": str(network_file),
        "JJJ_GATEWAY_LISTEN_PORT": str(GATEWAY_PORT),
        "JJJ_GATEWAY_EXAMPLES": json.dumps(_EXAMPLES),
        "JJJ_GATEWAY_NODE_TIMEOUT": str(PATIENCE),
    }
    with _running("gateway", ["gateway", "--any-port"], settings) as gateway:
        yield gateway


@contextmanager
def chain_beside(file: Path) -> Iterator[Beside]:
    """Run the dev chain of that file while the block lasts, on a free port."""
    arguments = ["ledger.devchain", "--path", str(file), "--port", "0"]
    with _running("chain", arguments, {}) as chain:
        yield chain


@contextmanager
def _running(what: str, module: list[str], settings: Mapping[str, str]) -> Iterator[Beside]:
    process = subprocess.Popen(  # noqa: S603 - two modules of ours, named above
        [sys.executable, "-m", *module, "--with-parent"],
        env=child_environment(settings),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        yield Beside(what, process)
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()


@contextmanager
def demo_folder(data: Path | None) -> Iterator[Path]:
    """The folder of the demo's state: the one given, made where it lacks, or one that goes with the demo."""
    if data is not None:
        data.mkdir(parents=True, exist_ok=True)
        # The lines to try name it, and are run in any folder.
        yield data.resolve()
        return
    with tempfile.TemporaryDirectory(prefix="jjj-demo-") as made:
        yield Path(made)
