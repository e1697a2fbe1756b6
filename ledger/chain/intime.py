"""Waiting for several at once, but not for one that is far behind the others."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Mapping
from typing import Any, TypeVar

T = TypeVar("T")


async def in_time(jobs: Mapping[str, Coroutine[Any, Any, T]], grace: float | None) -> dict[str, T]:
    """Results by name, of those that end within ``grace`` seconds of the first one; None waits for all.

    The others are cancelled. Raises what a job raises.
    """
    names = {asyncio.ensure_future(job): name for name, job in jobs.items()}
    pending = set(names)
    try:
        if pending:
            _, pending = await asyncio.wait(pending, return_when=asyncio.FIRST_COMPLETED)
        if pending:
            _, pending = await asyncio.wait(pending, timeout=grace)
    finally:
        for task in pending:
            task.cancel()
    return {name: task.result() for task, name in names.items() if task not in pending}
