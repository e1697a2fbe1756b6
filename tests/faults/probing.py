"""Asks every endpoint of every region once a second, and counts who answered as it should."""

import asyncio
import contextlib
import time
from collections import Counter
from dataclasses import dataclass, field

import httpx2

from tests.faults.poster import Given, Poster

POSTING = "post"
ENDPOINTS = ("livez", "readyz", "checkpoint", "proof", "record", POSTING)
_SECONDS = 2.0
_SETTLED = 3.0


@dataclass
class Prober:
    """One who asks each endpoint by itself, and gives up after two seconds.

    Attributes:
        poster: posts, and knows what can be asked for.
        asked: by region and endpoint.
        answered: how many of them as they should.
    """

    poster: Poster
    asked: Counter[tuple[str, str]] = field(default_factory=Counter)
    answered: Counter[tuple[str, str]] = field(default_factory=Counter)

    async def run(self) -> None:
        """Go on until cancelled; an answer that is late keeps nobody else waiting."""
        async with (
            httpx2.AsyncClient(timeout=_SECONDS, trust_env=False) as http,
            asyncio.TaskGroup() as group,
        ):
            while True:
                for region in self.poster.urls:
                    for name in ENDPOINTS:
                        group.create_task(self._probe(http, region, name))
                await asyncio.sleep(1)

    def worst(self) -> str:
        """The endpoint of a region that answered the smallest part, and which part."""
        rates = {one: self.answered[one] / asked for one, asked in self.asked.items()}
        one = min(rates, key=rates.__getitem__)
        return f"{' '.join(one)} {rates[one]:.2%}"

    def rate(self, name: str) -> float:
        """The availability of one endpoint over all regions."""
        asked = sum(times for (_, one), times in self.asked.items() if one == name)
        return sum(times for (_, one), times in self.answered.items() if one == name) / asked

    async def _probe(self, http: httpx2.AsyncClient, region: str, name: str) -> None:
        if (given := self._settled(region)) is None:
            return
        good = False
        with contextlib.suppress(httpx2.HTTPError, TimeoutError):
            async with asyncio.timeout(_SECONDS):
                good = await self._ask(http, region, name, given)
        self.asked[region, name] += 1
        self.answered[region, name] += good

    async def _ask(self, http: httpx2.AsyncClient, region: str, name: str, given: Given) -> bool:
        if name == POSTING:
            return await self.poster.offer(region)
        paths = {
            "checkpoint": f"/logs/{region}/1/checkpoint",
            "proof": f"/records/{given.receipt['id']}/bundle",
            "record": f"/records/{given.receipt['id']}",
        }
        answer = await http.get(self.poster.urls[region] + paths.get(name, f"/{name}"))
        return answer.status_code == 200

    def _settled(self, region: str) -> Given | None:
        """A record that has stood long enough to be proven."""
        now = time.time()
        mine = (one for one in reversed(self.poster.given) if one.region == region)
        return next((one for one in mine if now - one.time > _SETTLED), None)
