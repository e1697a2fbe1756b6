"""Chunks of the rows that run real processes."""

import random
from collections.abc import Mapping, Sequence
from typing import TypeVar

from tests.consortium import shaking, steps
from tests.faults import (
    burst,
    campaign,
    clocks,
    diskfull,
    oracle,
    outage,
    partition,
    powerloss,
    soak,
    syscalls,
    takeover,
    weather,
)
from tests.faults.striking import points
from tests.postgres import Server
from tests.scorecard.row import Chunk
from tests.simulation import jumps, outages

T = TypeVar("T")

KILLS = 250
# Asking for verdicts takes most of the time.
KILLS_UNDER_QUESTION = 60
STORM_SECONDS = 45
CALLS = 48
RECORDS, STATES = 24, 3_000
SOAKED_MINUTES = 10
# One outage that is waited for, beside so many that only the simulation's clock counts.
VIRTUAL_OUTAGES, WAITED_SECONDS = 20, 600
PARTITIONS = 6
LEAPS, JUMPS = 6, 14
BURST_SECONDS = 60.0


def kills(seed: int) -> Chunk:
    """Processes killed at any moment and at every failpoint while posting; every other time with copies.

    Every fifth time verdicts are asked for all the while.
    """
    wanted = KILLS if seed % 5 else KILLS_UNDER_QUESTION
    if seed % 5:
        outcome = campaign.run(seed=seed, kills=wanted, most_seconds=wanted * 10.0, copies=seed % 2)
        counted = dict(outcome.points)
    else:
        outcome, asker = oracle.run(seed, wanted, seed % 2, most_seconds=wanted * 10.0)
        counted = outcome.points | {"verdicts": asker.asked.total()}
    short = [] if outcome.total_kills >= wanted else [f"only {outcome.total_kills} kills"]
    return Chunk(outcome.total_kills, outcome.findings + short, counted)


def unstruck(counted: Mapping[str, int], cases: int) -> list[str]:
    """Failpoints at which nothing was killed, once there were kills enough for every one."""
    return [one for one in points(1) if not counted.get(one)] if cases >= 10 * KILLS else []


def killed_at_calls(seed: int) -> Chunk:
    """A node killed at storage calls, one after the other and all over again."""
    return _calls(seed, (syscalls.KILL,))


def failed_calls(seed: int) -> Chunk:
    """Storage calls that fail, one after the other and all over again."""
    return _calls(seed, syscalls.ERRORS)


def _calls(seed: int, faults: tuple[str, ...]) -> Chunk:
    every = [syscalls.Case(call, fault, n) for call, n in syscalls.EVERY_CALL for fault in faults]
    first = (seed - 1) * CALLS % len(every)
    struck = syscalls.run(seed, every[first : first + CALLS])
    return Chunk(struck.came.total(), struck.findings)


def powerless(seed: int) -> Chunk:
    """Crash states of one recording."""
    losses = powerloss.lose(powerloss.record(seed, RECORDS), seed, STATES)
    return Chunk(losses.states, losses.findings)


def without_chain(seed: int) -> Chunk:
    """The chain away for an hour of the simulation, or for ten minutes that are waited for."""
    if seed % (VIRTUAL_OUTAGES + 1) == 1:
        waited = outage.run(seed, WAITED_SECONDS, copies=1)
        return Chunk(1, waited.findings, {"records taken meanwhile": waited.taken})
    virtual = outages.run(seed)
    return Chunk(1, virtual.findings, {"leaves that waited": virtual.waited})


def full(seed: int) -> Chunk:
    """Disks filled to the last byte, under SQLite and every third time under PostgreSQL."""
    if seed % 3 == 0:
        filled = diskfull.run_on_postgres(seed, copies=seed % 2)
    else:
        filled = diskfull.run(seed, copies=seed % 2)
    return Chunk(filled.cases.total(), filled.findings, filled.cases)


def taken_over(seed: int) -> Chunk:
    """A leader stopped once at each failpoint of its own while another node leads."""
    with Server.running() as server:
        server.found()
        done = takeover.run(seed, server, takeover.LEADING_POINTS)
    return Chunk(done.points.total(), done.findings)


def stormy(seed: int) -> Chunk:
    """Connections and pieces that a storm struck; every other time with copies."""
    passed = weather.run(seed, STORM_SECONDS, copies=seed % 2)
    return Chunk(passed.struck.total(), passed.findings)


def parted(seed: int) -> Chunk:
    """Regions cut off, or slow, while readers ask the gateway; every other time with copies."""
    done = partition.run(seed, seed % 2, _in_turn(partition.CASES, seed, PARTITIONS))
    return Chunk(done.cases.total(), done.findings, done.cases, f"p99 in seconds {done.p99}")


def besieged(seed: int) -> Chunk:
    """Ten times the normal rate among hostile requests."""
    endured = burst.run(seed, BURST_SECONDS, copies=seed % 2)
    return Chunk(endured.hostile.total(), endured.findings, endured.hostile, endured.told())


def jumped(seed: int) -> Chunk:
    """Clocks that jump: in turn those of processes, and those of the simulation."""
    if seed % 2:
        leaped = clocks.run(seed, seed // 2 % 2, _in_turn(clocks.LEAPS, seed, LEAPS))
        return Chunk(leaped.leaps.total(), leaped.findings, leaped.leaps)
    done = jumps.run(seed, JUMPS)
    return Chunk(done.kinds.total(), done.findings, done.kinds)


def soaked(seed: int) -> Chunk:
    """Minutes at work with one fault in each."""
    done = soak.run(seed, SOAKED_MINUTES)
    return Chunk(done.faults.total(), done.findings, done.faults, str(done))


def shaken(seed: int) -> Chunk:
    """Three regions on four validators through every step."""
    told = shaking.run(seed, steps.course(seed))
    return Chunk(len(told.steps), told.findings, {}, f"seconds to drain {told.steps}")


def _in_turn(every: Sequence[T], seed: int, count: int) -> tuple[T, ...]:
    """The next so many: all of them in turn, in an order of each round's own."""
    order = random.Random(seed * count // len(every)).sample(every, len(every))
    first = seed * count % len(every)
    return tuple(order[(first + at) % len(order)] for at in range(count))
