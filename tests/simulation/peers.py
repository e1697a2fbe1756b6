"""ports.Peer between simulated regions: messages are lost, late, repeated, or reach nobody."""

import asyncio
import random
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any

from ledger.errors import FatalError, InputError, UnavailableError
from ledger.ports import FedStatement, Hold, Holding, LeaderToken
from ledger.sharing import Right
from ledger.values import Millis, Origin, StatementId
from tests.simulation.process import ConnectionLostError, Crashed, Process

_ABSENT = frozenset({"not_found", "record_unknown", "log_unknown"})


@dataclass
class Wire:
    """The link from one region to another.

    Attributes:
        cut: nothing arrives.
        lose: chance that question or answer is lost.
        slow: most seconds that either takes.
        repeat: chance that the question arrives twice.
    """

    cut: bool = False
    lose: float = 0.0
    slow: float = 0.0
    repeat: float = 0.0


@dataclass
class Network:
    """All links.

    Attributes:
        answering: the process that answers for a region, if one does.
        ask: has a region's process do something; raises ConnectionLostError.
    """

    answering: Callable[[str], Process | None]
    ask: Callable[[str, Callable[[Any], Coroutine[Any, Any, Any]]], Awaitable[Any]]
    wires: dict[tuple[str, str], Wire] = field(default_factory=dict)

    def wire(self, one: str, other: str) -> Wire:
        return self.wires.setdefault((one, other), Wire())


class SimulatedPeer:
    """Calls the other region's services, as its HTTP routes would."""

    def __init__(self, network: Network, mine: Process, region: str, rng: random.Random) -> None:
        self._network = network
        self._mine = mine
        self._region = region
        self._rng = rng
        self._right = Right(peer=mine.name)

    @property
    def region(self) -> str:
        return self._region

    async def feed(self, origin: Origin, start: int, count: int) -> list[FedStatement]:
        return await self._ask(lambda node: node.reader.feed(origin, start, count, self._right))

    async def signed_part(self, statement: StatementId) -> bytes | None:
        return await self._get(lambda node: node.reader.signed_part(statement, self._right))

    async def checkpoint(self, origin: Origin, size: int | None = None) -> str | None:
        return await self._get(lambda node: node.reader.checkpoint(origin, size))

    async def cosignature(self, origin: Origin, size: int) -> str | None:
        return await self._get(lambda node: node.reader.cosignature(origin, size))

    async def send_checkpoint(self, note: str) -> None:
        await self._ask(lambda node: node.witness.compare(note))

    async def time(self) -> Millis:
        async def said(node) -> Millis:
            return node._world.clock.now()

        return Millis(await self._ask(said) // 1000 * 1000)

    async def held(self, origin: Origin) -> Holding:
        return await self._ask(lambda node: node.keeper.held(origin))

    async def lead(self, origin: Origin, leader: LeaderToken) -> Holding:
        return await self._write(lambda node: node.keeper.lead(origin, leader))

    async def hold(self, origin: Origin, step: Hold) -> Holding:
        return await self._write(lambda node: node.keeper.hold(origin, step))

    async def _get(self, question: Callable[[Any], Awaitable[Any]]) -> Any:
        try:
            return await self._ask(question)
        except InputError as error:
            if error.code not in _ABSENT:
                raise
            return None

    async def _ask(self, question: Callable[[Any], Awaitable[Any]]) -> Any:
        self._mine.check()
        wire = self._network.wire(self._mine.name, self._region)
        await self._travel(wire)
        other = self._network.answering(self._region)
        if other is None:
            raise _silent(self._region)
        try:
            if self._rng.random() < wire.repeat:
                await question(other.node)
            answer = await question(other.node)
        except Crashed as crash:
            # The other one died over our question; if it was us, nothing may stop that.
            if self._mine.alive:
                raise _silent(self._region) from crash
            raise
        await self._travel(wire)
        if not other.alive:
            raise _silent(self._region)
        return answer

    async def _write(self, work: Callable[[Any], Coroutine[Any, Any, Any]]) -> Any:
        """What the other one does is its own process's work: it may crash over it, and we live on."""
        self._mine.check()
        wire = self._network.wire(self._mine.name, self._region)
        await self._travel(wire)
        try:
            if self._rng.random() < wire.repeat:
                await self._network.ask(self._region, work)
            answer = await self._network.ask(self._region, work)
        except ConnectionLostError as lost:
            raise _silent(self._region) from lost
        except FatalError as error:
            # The other node ends over it; its answer is an internal error.
            raise UnavailableError("peer_unavailable", f"{self._region}: {error}") from error
        await self._travel(wire)
        return answer

    async def _travel(self, wire: Wire) -> None:
        if wire.slow:
            await asyncio.sleep(self._rng.random() * wire.slow)
        if wire.cut or self._rng.random() < wire.lose:
            raise _silent(self._region)


def _silent(region: str) -> UnavailableError:
    return UnavailableError("peer_unavailable", f"{region} does not answer")
