"""Waiting for what shall come true, never for a time; and hearing what a chain may say in two ways."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from ledger.errors import UnavailableError

T = TypeVar("T")
_PATIENCE = 60.0
_LOOK = 0.03


async def until(look: Callable[[], Awaitable[T]], what: str) -> T:
    """The first answer that is true; red after a minute, which no chain of ours or others needs."""
    clock = asyncio.get_running_loop()
    end = clock.time() + _PATIENCE
    while not (found := await look()):
        assert clock.time() < end, f"not within {_PATIENCE:.0f} s: {what}"
        await asyncio.sleep(_LOOK)
    return found


async def said(question: Awaitable[T]) -> T | str:
    """The answer, or the code of an UnavailableError."""
    try:
        return await question
    except UnavailableError as refused:
        return refused.code
