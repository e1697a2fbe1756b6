"""Several asked at once: the slow are not waited for, and no failure is lost."""

import asyncio

import pytest

from ledger.chain.intime import in_time


async def after(seconds, value, ended):
    try:
        await asyncio.sleep(seconds)
        return value
    finally:
        ended.append(value)


def test_who_comes_too_late_after_the_first_is_cancelled():
    async def run():
        ended = []
        jobs = {"a": after(0, "a", ended), "b": after(0.01, "b", ended), "c": after(60, "c", ended)}
        assert await in_time(jobs, 0.3) == {"a": "a", "b": "b"}
        await asyncio.sleep(0)
        assert ended == ["a", "b", "c"]

    asyncio.run(run())


def test_without_grace_all_are_waited_for():
    async def run():
        jobs = {"a": after(0, "a", []), "b": after(0.4, "b", [])}
        assert await in_time(jobs, None) == {"a": "a", "b": "b"}
        assert await in_time({}, None) == {}

    asyncio.run(run())


def test_what_a_job_raises_is_raised():
    async def fail():
        raise LookupError("a fault of ours")

    async def run():
        with pytest.raises(LookupError):
            await in_time({"a": after(0, "a", []), "b": fail()}, 1.0)

    asyncio.run(run())
