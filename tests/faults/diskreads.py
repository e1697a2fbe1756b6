"""What a reader is answered while a disk is full: records, bundles, entries, checkpoints."""

import asyncio
import json
import random
import urllib.error
from collections.abc import Callable
from dataclasses import dataclass

from tests.faults import rawlog
from tests.faults.lab import REGIONS, Lab
from tests.faults.poster import Given, Poster

_SAMPLE = 3


@dataclass
class Reader:
    """Reads what one region has promised so far; faults are told in words."""

    made: Lab
    poster: Poster
    region: str
    dice: random.Random

    async def at_home(self) -> list[str]:
        """From the region's own node."""
        base = self.made.url(self.region)
        asked: list[Callable[[], None]] = [lambda: _checkpoint(base, self.region)]
        for one in self._some():
            asked += [
                lambda one=one: _record(base, one),
                lambda one=one: _bundle(base, one),
                lambda one=one: _entry(base, one),
            ]
        return await asyncio.to_thread(_faults, asked)

    async def at_mirrors(self) -> list[str]:
        """From any of the other regions' nodes, of which one holds what was acknowledged."""
        others = [self.made.url(one) for one in REGIONS if one != self.region]
        return await asyncio.to_thread(
            _faults, [lambda one=one: _entry_anywhere(others, one) for one in self._some()]
        )

    def _some(self) -> list[Given]:
        mine = [one for one in self.poster.given if one.region == self.region]
        return self.dice.sample(mine, min(_SAMPLE, len(mine)))


def _faults(asked: list[Callable[[], None]]) -> list[str]:
    found = []
    for ask in asked:
        try:
            ask()
        except urllib.error.HTTPError as error:
            found.append(f"{error.url}: {error.code} {error.read()[:300]!r}")
        except (rawlog.BrokenError, OSError, ValueError) as error:
            found.append(repr(error))
    return found


def _checkpoint(base: str, region: str) -> None:
    rawlog.Checkpoint.of(rawlog.fetch(f"{base}/logs/{region}/1/checkpoint").decode())


def _record(base: str, one: Given) -> None:
    if json.loads(rawlog.fetch(f"{base}/records/{one.receipt['id']}"))["id"] != one.receipt["id"]:
        raise rawlog.BrokenError("another record")


def _bundle(base: str, one: Given) -> None:
    json.loads(rawlog.fetch(f"{base}/records/{one.receipt['id']}/bundle"))


def _entry(base: str, one: Given) -> None:
    index = one.receipt["index"]
    lines = rawlog.entries(f"{base}/logs/{one.region}/1", index + 1)
    if lines[index].decode() != one.receipt["leaf"]:
        raise rawlog.BrokenError(f"{base} serves another leaf at {index}")


def _entry_anywhere(bases: list[str], one: Given) -> None:
    missing: list[Exception] = []
    for base in bases:
        try:
            return _entry(base, one)
        except urllib.error.HTTPError as error:
            missing.append(error)
    raise rawlog.BrokenError(f"no mirror serves leaf {one.receipt['index']}: {missing}")
