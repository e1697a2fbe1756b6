"""Asking the chain's nodes of several authorities, and taking for a fact only what two of them say."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from ledger.chain.agreement import TWO, weigh
from ledger.chain.rpc import Rpc
from ledger.chain.standing import Standing
from ledger.chain.view import Confirmations, View
from ledger.errors import DisputedError, UnavailableError
from ledger.values import ChainIdentity

T = TypeVar("T")
Question = Callable[[View], Awaitable[T | None]]
"""Put to one node; None, like an error, is no answer: the node may not have come so far."""

# A node that did not answer is asked after the others for so long (seconds): each look would wait for it.
_LATER = 30.0


@dataclass(frozen=True, slots=True)
class ChainNode:
    """A node of the chain, and the authority that runs it: no two of them have the same."""

    authority: str
    rpc: Rpc


class Panel:
    """The nodes of a chain; the first is the region's own and is asked first while it answers."""

    def __init__(
        self,
        nodes: Sequence[ChainNode],
        known: ChainIdentity,
        confirmations: Confirmations,
        standing: Standing,
    ) -> None:
        self._views = {it.authority: View(it.rpc, known, confirmations) for it in nodes}
        self._standing = standing
        self._later: dict[str, float] = {}
        self._turn = 0

    @property
    def states(self) -> dict[str, str]:
        """Each authority's node: ``ok``, ``silent`` or ``set aside``."""
        aside, later = self._standing.known, self._silent()
        return {
            name: "set aside" if name in aside else "silent" if name in later else "ok"
            for name in self._views
        }

    async def all(self, question: Question[T]) -> dict[str, T]:
        """What every node says that is not set aside, by authority."""
        return await self._ask(await self._order(), question)

    async def each(self, work: Callable[[Rpc], Awaitable[None]]) -> None:
        """Have every node do it that is not set aside; raises UnavailableError where none could."""
        names = await self._order()
        failed = [it for it in await asyncio.gather(*(self._do(n, work) for n in names)) if it]
        if len(failed) == len(names):
            # What a node says is worth more than that another one is silent.
            raise next((it for it in failed if it.code == "chain_rejected"), failed[0])

    async def some(
        self, question: Question[T], enough: Callable[[Mapping[str, T]], bool]
    ) -> dict[str, T]:
        """What two nodes say, and where that is not enough, what all say."""
        order = await self._order()
        said = await self._ask(order[:TWO], question)
        if len(said) < TWO or not enough(said):
            said |= await self._ask(order[TWO:], question)
        return said

    async def agree(
        self, what: str, question: Question[T], *, final: Callable[[T], bool] = lambda _: True
    ) -> T | None:
        """What two nodes or more say alike; None where that many do not say anything.

        ``final`` tells of which answers two different ones are a contradiction; before that, they are two
        nodes at different moments. Raises DisputedError.
        """
        said = await self.some(question, _alike)
        return await self.judge(what, said, final=final)

    async def judge(
        self, what: str, said: Mapping[str, T], *, final: Callable[[T], bool] = lambda _: True
    ) -> T | None:
        """What these answers come to; who contradicts a majority is set aside. Raises DisputedError."""
        found = weigh(said)
        settled = all(final(value) for value in said.values())
        if found.disputed and settled:
            raise DisputedError("chain_disputed", f"{what}: {_told(said)}")
        if settled:
            for name in found.minority:
                await self.set_aside(name, f"{what}: {_told(said)}")
        return found.value

    async def set_aside(self, authority: str, detail: str) -> None:
        """Believe that authority's node no more."""
        await self._standing.set_aside(authority, detail)

    async def _order(self) -> list[str]:
        """Whom to ask, best first: our own, then the others in turn, then who was silent just now."""
        aside = await self._standing.aside()
        own, *others = (name for name in self._views if name not in aside)
        # In turn, so that each node is compared with ours before long.
        self._turn += 1
        shift = self._turn % len(others) if others else 0
        order, silent = [own, *others[shift:], *others[:shift]], self._silent()
        return [n for n in order if n not in silent] + [n for n in order if n in silent]

    async def _ask(self, names: Collection[str], question: Question[T]) -> dict[str, T]:
        said = await asyncio.gather(*(self._ask_one(name, question) for name in names))
        return {name: value for name, value in zip(names, said, strict=True) if value is not None}

    async def _do(
        self, name: str, work: Callable[[Rpc], Awaitable[None]]
    ) -> UnavailableError | None:
        try:
            await work(self._views[name].rpc)
        except UnavailableError as error:
            return error
        return None

    async def _ask_one(self, name: str, question: Question[T]) -> T | None:
        try:
            value = await question(self._views[name])
        except UnavailableError:
            self._later[name] = asyncio.get_running_loop().time() + _LATER
            return None
        self._later.pop(name, None)
        return value

    def _silent(self) -> set[str]:
        now = asyncio.get_running_loop().time()
        return {name for name, until in self._later.items() if until > now}


def _alike(said: Mapping[str, object]) -> bool:
    return len(set(said.values())) == 1


def _told(said: Mapping[str, object]) -> str:
    return "; ".join(f"{name} says {value}" for name, value in sorted(said.items()))
