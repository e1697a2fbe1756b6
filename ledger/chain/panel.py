"""Asking the chain's nodes of several authorities, and taking for a fact only what two of them say."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from ledger.chain.agreement import TWO, weigh
from ledger.chain.intime import in_time
from ledger.chain.rpc import Rpc
from ledger.chain.sending import RefusedToTellError
from ledger.chain.standing import Standing
from ledger.chain.view import Confirmations, View
from ledger.errors import DisputedError, UnavailableError
from ledger.values import ChainIdentity

T = TypeVar("T")
Question = Callable[[View], Awaitable[T | None]]
"""Put to one node; None, like an error, is no answer: the node may not have come so far."""

# Seconds after the first answer in which the others have to come: else each look would wait for a slow one.
_GRACE = 1.0
# A node that did not answer in time is asked only where others do not suffice, for so long (seconds).
_LATER = 30.0
# Characters of an answer that evidence repeats.
_TOLD = 400


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
        heard, silent = await self._order()
        said = await self._ask(heard, question)
        if len(said) < TWO:
            said |= await self._ask(silent, question, grace=None)
        return _values(said)

    async def some(
        self, question: Question[T], enough: Callable[[Mapping[str, T]], bool]
    ) -> dict[str, T]:
        """What two nodes say, and where that is not enough, what all say."""
        heard, silent = await self._order()
        said = await self._ask(heard[:TWO], question)
        values = _values(said)
        # Two that have no answer yet are as good as two that have: the others are no nearer to it.
        if len(said) < TWO or (values and not (len(values) == TWO and enough(values))):
            said |= await self._ask(heard[TWO:], question)
        if len(said) < TWO:
            said |= await self._ask(silent, question, grace=None)
        return _values(said)

    async def each(self, work: Callable[[Rpc], Awaitable[None]]) -> None:
        """Have every node do it that is not set aside; raises UnavailableError where none could."""
        heard, silent = await self._order()
        failed: list[UnavailableError] = []
        for names, grace in ((heard, _GRACE), (silent, None)):
            outcomes = await in_time({name: self._do(name, work) for name in names}, grace)
            self._note(names, outcomes)
            if None in outcomes.values():
                return
            failed += [error for error in outcomes.values() if error is not None]
        # What a node says is worth more than that another one is silent.
        raise next((it for it in failed if it.code == "chain_rejected"), failed[0])

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
        settled = any(final(value) for value in said.values())
        if found.disputed and settled:
            raise DisputedError("chain_disputed", f"{what}: {_told(said)}")
        if settled:
            for name in found.minority:
                await self.set_aside(name, f"{what}: {_told(said)}")
        return found.value

    async def set_aside(self, authority: str, detail: str) -> None:
        """Believe that authority's node no more."""
        await self._standing.set_aside(authority, detail)

    async def _order(self) -> tuple[list[str], list[str]]:
        """Whom to ask, our own first, then the others in turn; and who was silent just now."""
        aside, silent = await self._standing.aside(), self._silent()
        believed = [name for name in self._views if name not in aside]
        if not believed:
            raise UnavailableError("chain_lagging", "every node of the chain is set aside")
        own, *others = believed
        # In turn, so that each node is compared with ours before long.
        self._turn += 1
        shift = self._turn % len(others) if others else 0
        order = [own, *others[shift:], *others[:shift]]
        return [n for n in order if n not in silent], [n for n in order if n in silent]

    async def _ask(
        self, names: Collection[str], question: Question[T], grace: float | None = _GRACE
    ) -> dict[str, T | None]:
        """What these nodes answer in time; None is the answer of one that cannot tell."""
        asked = {name: self._ask_one(name, question) for name in names}
        answers = await in_time(asked, grace)
        answered = {name: it for name, it in answers.items() if not isinstance(it, _Silence)}
        self._note(names, answered)
        return answered

    async def _ask_one(self, name: str, question: Question[T]) -> T | _Silence | None:
        try:
            return await question(self._views[name])
        except RefusedToTellError:
            return None
        except UnavailableError:
            return _Silence()

    async def _do(
        self, name: str, work: Callable[[Rpc], Awaitable[None]]
    ) -> UnavailableError | None:
        try:
            await work(self._views[name].rpc)
        except UnavailableError as error:
            return error
        return None

    def _note(self, asked: Collection[str], answered: Collection[str]) -> None:
        """Remember who was silent."""
        until = asyncio.get_running_loop().time() + _LATER
        for name in asked:
            if name in answered:
                self._later.pop(name, None)
            else:
                self._later[name] = until

    def _silent(self) -> set[str]:
        now = asyncio.get_running_loop().time()
        return {name for name, until in self._later.items() if until > now}


class _Silence:
    """A node did not answer, or nothing that can be read."""


def _values(said: Mapping[str, T | None]) -> dict[str, T]:
    return {name: value for name, value in said.items() if value is not None}


def _alike(said: Mapping[str, object]) -> bool:
    return len(set(said.values())) == 1


def _told(said: Mapping[str, object]) -> str:
    return "; ".join(f"{name} says {str(value)[:_TOLD]}" for name, value in sorted(said.items()))
