"""A TCP proxy on every directed link, and the weather on it: dropped, cut, delayed, stalled, sent twice.

A link carries what one process asks of another. Its weather holds for what passes at that moment, so a
request may go through and its answer be lost.
"""

import asyncio
import contextlib
import random
from collections import Counter
from dataclasses import dataclass, field
from functools import partial
from urllib.parse import urlsplit

from tests.faults.serving import Serving

CLEAR, DROP, CUT, DELAY, STALL, TWICE = "clear", "drop", "cut", "delay", "stall", "twice"
SLOW = "slow"
"""Each answer comes ten seconds late; no part of a storm."""
_WEATHER = (CLEAR, DROP, CUT, DELAY, STALL, TWICE)
_LATE = 10.0
_CHUNK = 65_536


@dataclass
class Links:
    """All links of one network.

    Attributes:
        struck: how many connections or pieces were hit, by kind of weather.
        hit: the same, by link.
    """

    seed: int
    struck: Counter[str] = field(default_factory=Counter)
    hit: Counter[tuple[str, str]] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self._dice = random.Random(self.seed)
        self._weather: dict[tuple[str, str], str] = {}
        self._serving = Serving()

    async def open(self, source: str, target: str, url: str) -> str:
        """Listen for what ``source`` asks of ``target``; the URL to give to it."""
        link, there = (source, target), urlsplit(url)
        self._weather[link] = CLEAR

        return await self._serving.listen(partial(self._carry, link, (there.hostname, there.port)))

    async def storm(self, seconds: float) -> None:
        """Let the weather of every link change at random; clear all when it is over."""
        end = asyncio.get_running_loop().time() + seconds
        while asyncio.get_running_loop().time() < end:
            for link in self._weather:
                if self._dice.random() < 0.5:
                    self._weather[link] = self._dice.choices(_WEATHER, (4, 1, 2, 2, 1, 2))[0]
            await asyncio.sleep(self._dice.uniform(0.1, 0.8))
        self.clear()

    def part(self, place: str, weather: str, *, spared: frozenset[str] = frozenset()) -> None:
        """One weather on every link from and to a place, but those that the spared are at an end of."""
        for link in self._weather:
            if place in link and spared.isdisjoint(link):
                self._weather[link] = weather

    def set(self, source: str, target: str, weather: str) -> None:
        """One weather on one directed link."""
        self._weather[source, target] = weather

    def clear(self) -> None:
        for link in self._weather:
            self._weather[link] = CLEAR

    async def close(self) -> None:
        await self._serving.close()

    async def _carry(self, link, there, reader, writer) -> None:
        if self._weather[link] == DROP:
            self._strike(link, DROP)
            return
        upstream = await asyncio.open_connection(*there)
        try:
            asked = asyncio.create_task(self._pump(link, reader, upstream[1], there))
            answered = asyncio.create_task(self._pump(link, upstream[0], writer, None))
            _, left = await asyncio.wait({asked, answered}, return_when=asyncio.FIRST_COMPLETED)
            for task in left:
                task.cancel()
            await asyncio.gather(asked, answered, return_exceptions=True)
        finally:
            upstream[1].close()

    async def _pump(self, link, reader, writer, again) -> None:
        """Pass pieces on until one side ends or the weather cuts; ``again``: where requests go twice."""
        while piece := await reader.read(_CHUNK):
            weather = self._weather[link]
            if weather in (CUT, DROP):
                self._strike(link, weather)
                # Part of it arrives, which must never be taken for the whole.
                writer.write(piece[: self._dice.randrange(len(piece))])
                return
            if weather == DELAY:
                self._strike(link, DELAY)
                await asyncio.sleep(self._dice.uniform(0.05, 0.6))
            if weather == SLOW and again is None:
                self._strike(link, SLOW)
                await self._come_late(link)
            while self._weather[link] == STALL:
                self._strike(link, STALL)
                await asyncio.sleep(0.2)
            if weather == TWICE and again is not None:
                self._strike(link, TWICE)
                await self._ask_too(again, piece)
            writer.write(piece)
            await writer.drain()

    async def _come_late(self, link: tuple[str, str]) -> None:
        """Over before its time where the weather changes."""
        end = asyncio.get_running_loop().time() + _LATE
        while self._weather[link] == SLOW and asyncio.get_running_loop().time() < end:
            await asyncio.sleep(0.1)

    def _strike(self, link: tuple[str, str], weather: str) -> None:
        self.struck[weather] += 1
        self.hit[link] += 1

    async def _ask_too(self, there, piece: bytes) -> None:
        """The same bytes over a connection of their own; nobody hears the answer."""
        with contextlib.suppress(OSError, TimeoutError):
            reader, writer = await asyncio.open_connection(*there)
            try:
                writer.write(piece)
                async with asyncio.timeout(1):
                    await reader.read(_CHUNK)
            finally:
                writer.close()
