"""How long receipts wait for their anchor, and how much memory processes take, while a network runs."""

import asyncio
import hashlib
import json
import re
import time
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from tests.faults import rawchain
from tests.faults.lab import Lab
from tests.faults.poster import Given

_LOOK_SECONDS = 0.25
_WEIGH_SECONDS = 2.0
_RESIDENT = re.compile(r"^VmRSS:\s+(\d+) kB$", re.MULTILINE)


@dataclass
class AnchorWatch:
    """Looks at the heads that the contract holds; finer than a quarter of a second it does not see.

    Attributes:
        grown: by region: when the head was first seen at a size.
    """

    made: Lab
    grown: dict[str, list[tuple[float, int]]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        network = json.loads((self.made.folder / "network.json").read_text())
        self._ledger = network["chain"]["ledger"]
        origins = [one["origin"] for one in network["logs"]]
        self._logs = {one.split("/")[1]: hashlib.sha256(one.encode()).digest() for one in origins}

    async def run(self) -> None:
        """Go on until cancelled."""
        while True:
            for region, log in self._logs.items():
                with suppress(OSError):
                    size, _ = await asyncio.to_thread(
                        rawchain.head, self.made.rpc, self._ledger, log
                    )
                    self._see(region, size)
            await asyncio.sleep(_LOOK_SECONDS)

    def _see(self, region: str, size: int) -> None:
        seen = self.grown.setdefault(region, [])
        if not seen or seen[-1][1] < size:
            seen.append((time.time(), size))

    def waits(self, given: Iterable[Given], outages: Iterable[tuple[float, float]]) -> list[float]:
        """Seconds from each first receipt to its anchor, of those that no outage of the chain lies in."""
        first = {(one.region, one.receipt["index"]): one.time for one in reversed([*given])}
        spans = [(at, self._anchored(*place)) for place, at in first.items()]
        return sorted(
            end - at
            for at, end in spans
            if end is not None and not any(at < till and since < end for since, till in outages)
        )

    def _anchored(self, region: str, index: int) -> float | None:
        return next((at for at, size in self.grown.get(region, []) if size > index), None)


@dataclass
class Scales:
    """Weighs the memory of every process; each start of one is weighed by itself.

    Attributes:
        weighed: by name and process id: (time, megabytes).
    """

    made: Lab
    weighed: dict[tuple[str, int], list[tuple[float, float]]] = field(default_factory=dict)

    async def run(self) -> None:
        """Go on until cancelled."""
        while True:
            for name, process in self.made.processes.items():
                if (pid := process.pid) is not None and (held := _megabytes(pid)) is not None:
                    self.weighed.setdefault((name, pid), []).append((time.time(), held))
            await asyncio.sleep(_WEIGH_SECONDS)

    def growth(self, warm_up: float) -> dict[str, tuple[float, float]]:
        """By name: megabytes after the warm-up and at the end, of the start that ran longest."""
        found: dict[str, tuple[float, float]] = {}
        longest: dict[str, float] = {}
        for (name, _), weights in self.weighed.items():
            warm = [held for at, held in weights if at - weights[0][0] >= warm_up]
            lasted = weights[-1][0] - weights[0][0]
            if len(warm) >= _FEW and lasted > longest.get(name, 0.0):
                part = len(warm) // 4
                longest[name], found[name] = lasted, (_mean(warm[:part]), _mean(warm[-part:]))
        return found


_FEW = 8


def _mean(some: list[float]) -> float:
    return sum(some) / len(some)


def _megabytes(pid: int) -> float | None:
    """What the process holds; None where it is gone."""
    with suppress(OSError):
        found = _RESIDENT.search(Path(f"/proc/{pid}/status").read_text())
        return None if found is None else int(found[1]) / 1024
    return None
