"""What befalls four validators, one step after the other; each step heals what it did."""

import asyncio
import os
import random
import signal

from tests.consortium.shaking import DRAIN_SECONDS, Stage, Step, reached, within
from tests.engines.lameness import Lame
from tests.engines.testimony import LAME, LIES
from tests.faults.lab import REGIONS
from tests.faults.links import CLEAR, DELAY, DROP
from tests.processes import halt

_STANDS_SECONDS = 4.0
_ASIDE_SECONDS = 60.0


def course(seed: int) -> dict[str, Step]:
    """A course of the nightly: every step once, on victims by lot; a cut too long to heal by itself soon."""
    dice, names = random.Random(seed), [*REGIONS, "supervisor"]
    # The others every region hears. Here nothing is refused, there is no other ledger, and who has read on
    # does not hear what is told of one block alone.
    unheard = {"other_contract", "status_1", "event_from_nothing", "invented_transaction"}
    lies = sorted({*LIES} - unheard)
    return {
        "one dead": one_dead(dice.choice(names)),
        "two dead": two_dead(*dice.sample(names, 2)),
        "all dead": all_dead,
        "one lies": one_lies(dice.choice(lies), dice.choice(names)),
        "one lies beside a dead one": one_lies(dice.choice(lies), *dice.sample(names, 2)),
        "one is lame": one_lies(dice.choice(sorted(LAME)), dice.choice(names)),
        "one slow": slow(dice.choice(names), 10),
        "two cut off from two": cut(20),
        "cut off for long": cut(300, restarted=True),
    }


def one_dead(victim: str) -> Step:
    """A validator is killed: blocks go on, and so does the anchoring; it comes back and catches up."""

    async def step(stage: Stage) -> None:
        stage.chain.kill(victim)
        await _goes_on(stage, f"without {victim}")
        stage.chain.start(victim)
        await asyncio.to_thread(stage.chain.wait_for_blocks, victim)

    return step


def two_dead(*victims: str) -> Step:
    """Two are killed: the height stands, intake goes on; they come back."""

    async def step(stage: Stage) -> None:
        stage.chain.kill(*victims)
        await _stands(stage, f"without {' and '.join(victims)}")
        stage.chain.start(*victims)

    return step


async def all_dead(stage: Stage) -> None:
    """All are killed at once, with transactions on their way, and start again."""
    stage.chain.kill()
    await asyncio.sleep(1)
    stage.chain.start()


def cut(seconds: float, *, restarted: bool = False) -> Step:
    """Two are cut off from two; healed by itself, or by starting one side again."""

    async def step(stage: Stage) -> None:
        names = [*stage.chain.validators]
        stage.dice.shuffle(names)
        left, right = names[:2], names[2:]
        _across(stage, left, right, DROP)
        await _stands(stage, f"{left} cut off from {right}", seconds)
        _across(stage, left, right, CLEAR)
        if restarted:
            await asyncio.to_thread(stage.chain.stop, *right)
            stage.chain.start(*right)

    return step


def slow(victim: str, seconds: float) -> Step:
    """Every piece that one validator sends or gets comes late, then it stands still for a while."""

    async def step(stage: Stage) -> None:
        others = [name for name in stage.chain.validators if name != victim]
        _across(stage, [victim], others, DELAY)
        await asyncio.sleep(seconds)
        await _goes_on(stage, f"with {victim} slow")
        _across(stage, [victim], others, CLEAR)
        pid = stage.chain.validators[victim].pid
        assert pid is not None
        await asyncio.to_thread(halt, pid)
        try:
            await _goes_on(stage, f"with {victim} stopped")
        finally:
            os.kill(pid, signal.SIGCONT)

    return step


def one_lies(name: str, victim: str, dead: str | None = None) -> Step:
    """A validator's RPC lies to all regions, while another may be dead: all goes on as if it were not there.

    Who contradicted the others is set aside by every region, until operators believe it again.
    """

    async def step(stage: Stage) -> None:
        if dead is not None:
            stage.chain.kill(dead)
        await stage.liars.become(victim, (LIES | LAME)[name], stage.ledger)
        await _goes_on(stage, f"with {victim} telling {name}")
        guilty = {victim} if name in LIES else set()
        for region in REGIONS:
            await _set_aside(stage, region, guilty, f"{victim} telling {name}")
        await stage.liars.become(victim, Lame, stage.ledger)
        if dead is not None:
            stage.chain.start(dead)
            await asyncio.to_thread(stage.chain.wait_for_blocks, dead)
        for region in REGIONS:
            # One that has not set it aside has been told of above.
            if victim in await _aside(stage, region):
                await _readmit(stage, region, victim)

    return step


async def _set_aside(stage: Stage, region: str, guilty: set[str], what: str) -> None:
    """In time, and nobody else: a node is asked in its turn, so it may be heard a while later."""
    end = asyncio.get_running_loop().time() + _ASIDE_SECONDS
    while (aside := await _aside(stage, region)) != guilty:
        if asyncio.get_running_loop().time() > end:
            stage.find("aside", f"{what}: {region} has set aside {aside}")
            return
        await asyncio.sleep(0.2)


async def _aside(stage: Stage, region: str) -> set[str]:
    nodes = (await stage.made.readiness(region))["anchoring"]["chain_nodes"]
    return {name for name, state in nodes.items() if state == "set aside"}


async def _readmit(stage: Stage, region: str, authority: str) -> None:
    await stage.made.kill(region)
    config = stage.made.processes[region].arguments["config"]
    await stage.made.run("readmit", config=config, authority=authority)
    await stage.made.start(region)
    await stage.made.answering(region)
    await _set_aside(stage, region, set(), f"{authority} re-admitted")


def _across(stage: Stage, left: list[str], right: list[str], weather: str) -> None:
    for one in left:
        for other in right:
            stage.links.set(one, other, weather)
            stage.links.set(other, one, weather)


async def _goes_on(stage: Stage, what: str) -> None:
    """Three are linked: blocks come, and what was promised before is anchored."""
    promised = {region: stage.poster.highest[region] + 1 for region in REGIONS}
    rpc = await stage.answering_rpc()
    if not await within(DRAIN_SECONDS, lambda: reached(stage, rpc, promised)):
        stage.find("stands", f"{what}: not anchored in {DRAIN_SECONDS:.0f} s")


async def _stands(stage: Stage, what: str, seconds: float = _STANDS_SECONDS) -> None:
    """Fewer than three are linked: no block comes, and records are taken all the same."""
    # A block that had its votes may still be on its way.
    await asyncio.sleep(2)
    height, given = await asyncio.to_thread(stage.height), len(stage.poster.given)
    await asyncio.sleep(seconds)
    if (now := await asyncio.to_thread(stage.height)) != height:
        stage.find("stands", f"{what}: from {height} to {now}")
    if len(stage.poster.given) == given:
        stage.find("intake", f"{what}: nothing was taken")
