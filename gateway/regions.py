"""Asking every region at once, and always knowing which one did not answer."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

from ledger.client import NodeClient
from ledger.errors import LedgerError, UnavailableError

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Answer(Generic[T]):
    """What one region said: a value, or why there is none."""

    region: str
    value: T | None
    error: LedgerError | None

    @property
    def answered(self) -> bool:
        """A refusal is an answer; silence is not."""
        return not isinstance(self.error, UnavailableError)


class Regions:
    """The nodes of all regions, asked side by side with one time limit."""

    def __init__(self, nodes: Mapping[str, NodeClient], seconds: float) -> None:
        self._nodes = dict(nodes)
        self._seconds = seconds

    @property
    def names(self) -> tuple[str, ...]:
        """Region names in the order of the network file."""
        return tuple(self._nodes)

    async def ask(self, question: Callable[[NodeClient], Awaitable[T]]) -> list[Answer[T]]:
        """Put the question to all regions; answers in the order of ``names``."""
        return list(await asyncio.gather(*(self.ask_one(name, question) for name in self._nodes)))

    async def ask_one(
        self, region: str, question: Callable[[NodeClient], Awaitable[T]]
    ) -> Answer[T]:
        """Put the question to one region."""
        try:
            async with asyncio.timeout(self._seconds):
                return Answer(region, await question(self._nodes[region]), None)
        except TimeoutError:
            error = UnavailableError("region_silent", f"{region} did not answer in time")
            return Answer(region, None, error)
        except LedgerError as error:
            return Answer(region, None, error)
