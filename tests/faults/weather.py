"""One run under bad weather: post over links that fail, then clear sky, then judge."""

import asyncio
import json
import tempfile
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from tests.faults.judging import judge
from tests.faults.lab import REGIONS, lab
from tests.faults.links import Links
from tests.faults.poster import Poster
from tests.faults.wire import Wire

FIRM = "firm"


@dataclass
class Passed:
    """What a storm struck and what broke."""

    struck: Counter[str] = field(default_factory=Counter)
    hit: Counter[tuple[str, str]] = field(default_factory=Counter)
    statements: int = 0
    retries: int = 0
    findings: list[str] = field(default_factory=list)


def run(
    seed: int, seconds: float, copies: int, plant: str | None = None, pace: float = 0.08
) -> Passed:
    """Post for so long while the weather of every link changes."""
    with tempfile.TemporaryDirectory(prefix="jjj-faults-") as folder:
        return asyncio.run(_run(Path(folder), seed, seconds, copies, plant, pace))


async def _run(
    folder: Path, seed: int, seconds: float, copies: int, plant: str | None, pace: float
) -> Passed:
    links, passed = Links(seed), Passed()
    wire = Wire(folder, links)
    try:
        async with wire, lab(folder, plant, copies, links=wire) as made:
            network = json.loads((folder / "network.json").read_text())["network"]
            urls = {name: await links.open(FIRM, name, made.url(name)) for name in REGIONS}
            poster = Poster(network, urls, seed)
            try:
                await poster.register()
                posting = asyncio.create_task(poster.run(pace))
                await links.storm(seconds)
                poster.stopping = True
                async with asyncio.timeout(60):
                    await posting
            except TimeoutError:
                passed.findings.append("settled: some statements were never answered")
            finally:
                await poster.close()
            passed.findings += (await judge(made, [poster], seed)).findings
            passed.findings += await asyncio.to_thread(wire.check, made.rpc)
            passed.struck, passed.hit, passed.retries = links.struck, links.hit, poster.retries
            passed.statements = len({one.receipt["id"] for one in poster.given})
    finally:
        await links.close()
    return passed
