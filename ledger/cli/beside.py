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
from ledger.settings import cache_folder, child_environment

GATEWAY_PORT = 8100
PATIENCE = 30.0
"""Seconds a region of the demo has: all run in one process, so one that answers late is busy, not silent."""
_EXAMPLES = ("DEMOB26000001", "DEMU0000016", "010120261000000001", "INV:DEMO-KR-26-0001")


class Beside:
    """A process that prints its address once it listens there, and then those of ``more`` nodes by name."""

    def __init__(self, what: str, process: subprocess.Popen[str], more: int = 0) -> None:
        self._what = what
        self._process = process
        self._more = more
        self._url = ""
        self._nodes: dict[str, str] = {}

    def url(self) -> str:
        """Its address, waited for; raises UnavailableError(<what>_unavailable)."""
        if not self._url:
            self._url = self._line()
        return self._url

    def nodes(self) -> dict[str, str]:
        """The other addresses by their names, waited for; raises as ``url``."""
        self.url()
        while len(self._nodes) < self._more:
            name, _, url = self._line().partition(" ")
            self._nodes[name] = url
        return self._nodes

    def _line(self) -> str:
        line = self._process.stdout.readline().strip() if self._process.stdout else ""
        if not line:
            raise UnavailableError(f"{self._what}_unavailable", f"the {self._what} did not start")
        return line


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
def chain_beside(folder: Path) -> Iterator[Beside]:
    """Run the dev chain while the block lasts, its file in that folder, on a free port."""
    arguments = ["ledger.devchain", "--path", str(folder / "chain.sqlite"), "--port", "0"]
    with _running("chain", arguments, {}) as chain:
        yield chain


@contextmanager
def consortium_beside(folder: Path) -> Iterator[Beside]:
    """Run the consortium's validators while the block lasts, their homes in that folder, on free ports.

    Raises:
        UnavailableError: go_missing, consortium_build_failed, consortium_source_missing.
    """
    from ledger.consortium.binary import build
    from ledger.consortium.plan import read_plan, source_folder

    # Here, not in the process beside us: it takes minutes, and why it fails is told best from here.
    source = source_folder()
    build(source, cache_folder(), lambda text: print(text, file=sys.stderr))  # noqa: T201 - for people
    arguments = ["ledger.consortium", "--path", str(folder / "consortium"), "--port", "0"]
    with _running("chain", arguments, {}, more=len(read_plan(source).seats)) as chain:
        yield chain


@contextmanager
def _running(
    what: str, module: list[str], settings: Mapping[str, str], more: int = 0
) -> Iterator[Beside]:
    process = subprocess.Popen(  # noqa: S603 - modules of ours, named above
        [sys.executable, "-m", *module, "--with-parent"],
        env=child_environment(settings),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        yield Beside(what, process, more)
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
