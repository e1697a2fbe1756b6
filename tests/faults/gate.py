"""The gateway as a process of its own, and what it answers to a reader."""

import asyncio
import json
import os
import re
import sys
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import BinaryIO

from tests.faults.asking import ask

_ROOT = Path(__file__).parents[2]
_PATIENCE = 120.0
_SECTION = re.compile(r'<section class="answer ([a-z]+)">')


@dataclass(frozen=True)
class Answer:
    """What the gateway said of one shipment.

    Attributes:
        seconds: how long the reader waited, for the longer of the two answers.
        silent: regions that did not answer, as the JSON says.
        verdict: of the whole dossier, in JSON and on the page; "" where there is no dossier.
        records: verdict of each record, by the region of its log.
        page: the page's text.
    """

    seconds: float
    silent: frozenset[str]
    verdict: str
    shown: str
    records: Mapping[str, str]
    page: str


@dataclass
class Gate:
    """A running gateway."""

    url: str

    async def ask(self, number: str) -> Answer:
        """JSON and page for a number, one after the other, as a reader without a cache."""
        return await asyncio.to_thread(self._ask, number)

    def _ask(self, number: str) -> Answer:
        began = time.monotonic()
        said = json.loads(_get(f"{self.url}/api/dossier?q={number}"))
        middle = time.monotonic()
        page = _get(f"{self.url}/search?q={number}&lang=en").decode()
        shown = _SECTION.search(page)
        report = said.get("report", {"verdict": "", "records": []})
        return Answer(
            seconds=max(middle - began, time.monotonic() - middle),
            silent=frozenset(
                one["region"] for one in said.get("regions", ()) if not one["answered"]
            ),
            verdict=report["verdict"],
            shown=shown.group(1) if shown else "",
            records={one["region"]: one["verdict"] for one in report["records"]},
            page=page,
        )


@asynccontextmanager
async def gate(
    network_file: Path, node_timeout: float, clock: Path | None = None
) -> AsyncIterator[Gate]:
    """Run the gateway while the block lasts, by a clock if one is given; it ends with this process, too."""
    settings = {"JJJ_GATEWAY_NODE_TIMEOUT": str(node_timeout)}
    async with gateway_process(network_file, settings, clock) as (_, url):
        yield Gate(url)


@asynccontextmanager
async def gateway_process(
    network_file: Path,
    settings: Mapping[str, str] = MappingProxyType({}),
    clock: Path | None = None,
    log: BinaryIO | None = None,
) -> AsyncIterator[tuple[asyncio.subprocess.Process, str]]:
    """The gateway's process and its URL, while the block lasts; ``log`` takes what it says."""
    told = {"JJJ_GATEWAY_NETWORK_FILE": str(network_file), "JJJ_GATEWAY_LISTEN_PORT": "0"}
    under = ["-m"] if clock is None else ["-m", "tests.faults.wrongclock", str(clock)]
    child = await asyncio.create_subprocess_exec(
        sys.executable, *under, "gateway", "--with-parent",
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=log, cwd=_ROOT,
        env={**os.environ, **told, **settings},
    )  # fmt: skip
    try:
        async with asyncio.timeout(_PATIENCE):
            url = (await child.stdout.readline()).decode().strip()
        assert url, "the gateway did not start"
        yield child, url
    finally:
        child.stdin.close()
        try:
            async with asyncio.timeout(10):
                await child.wait()
        except TimeoutError:
            child.kill()
            await child.wait()


def _get(url: str) -> bytes:
    return ask(url, seconds=_PATIENCE).body
