"""Nodes of other authorities lie and fail: what is not on the true chain is never taken for a fact."""

import asyncio
import os
import random

import pytest

from tests.engines.authorities import HASTY, PATIENT, Region, patience, region
from tests.engines.ground import ground as prepared
from tests.engines.scenes import alarm, believed_no_more, honest, move, until_aside
from tests.engines.testimony import LAME, LIES

ALL = LIES | LAME
# Where all sends go to every node, one that forgets them stops nobody.
HARMLESS = {"swallowed"}
# Two nodes agree on how it was then.
UNSEEN = {"old_head"}


# Who lies, of how many nodes, of which how many are dead.
MAJORITIES = {
    f"{'-'.join(map(str, filter(None, count)))}-{who}": (*count, at)
    for count in ((4, 0), (3, 0), (4, 1))
    for at, who in enumerate(("own", "other"))
}
PAIRS = {
    f"{'-'.join(map(str, filter(None, count)))}-{who}": (*count, at)
    for count in ((2, 0), (3, 1))
    for at, who in enumerate(("own", "other"))
}


def some(names, places):
    """Each lie in two places, in turn so that all come; in every place where JJJ_ALL_LIES is set."""
    every, count = list(places), len(places)
    return [
        pytest.param(name, *places[every[at]], id=f"{name}-{every[at]}")
        for number, name in enumerate(sorted(names))
        for at in (
            range(count)
            if "JJJ_ALL_LIES" in os.environ
            else {number % count, (number + count // 2) % count}
        )
    ]


@pytest.fixture(scope="module")
def ground(tmp_path_factory):
    with prepared(tmp_path_factory.mktemp("ground") / "state") as made:
        yield made


@pytest.fixture
def play(ground, tmp_path):
    """Run a scene with so many nodes, of which the last so many are dead."""

    def run(scene, nodes: int, dead: int = 0, timeout: float = PATIENT):
        async def whole():
            async with region(ground, tmp_path, nodes, timeout) as made:
                for node in made.nodes[nodes - dead :]:
                    await node.become(LAME["silent"](made.places))
                await scene(made)

        asyncio.run(whole())

    return run


@pytest.mark.parametrize(("name", "nodes", "dead", "who"), some(ALL, MAJORITIES))
def test_two_honest_nodes_are_enough(play, name, nodes, dead, who):
    async def scene(made: Region):
        await believed_no_more(made, who, name)

    play(scene, nodes, dead, patience(name))


@pytest.mark.parametrize(("name", "nodes", "dead", "who"), some({*ALL} - HARMLESS, PAIRS))
def test_of_two_that_differ_none_is_believed(play, name, nodes, dead, who):
    async def scene(made: Region):
        liar = made.nodes[who]
        before = made.sizes
        await liar.become(ALL[name](made.places))
        moving = asyncio.create_task(move(made, name))
        code = "chain_disputed" if name in LIES else "chain_lagging"
        if name in UNSEEN:
            assert await made.holds(lambda: len(made.truth.events()) > len(before))
            await made.holds(lambda: made.sizes != before, 1)
        else:
            assert await made.holds(lambda: made.troubles[code] > 2), dict(made.troubles)
        assert made.sizes == before
        assert name in LIES or not made.troubles["chain_disputed"]
        assert await made.judge(set()) == []
        await liar.become(honest(made))
        await moving
        assert await made.anchored() == []
        assert await made.judge(set()) == []

    play(scene, nodes, dead, patience(name))


def test_who_is_set_aside_is_asked_no_more_until_it_is_readmitted(play):
    async def scene(made: Region):
        liar, *others = reversed(made.nodes)
        await liar.become(LIES["higher_head"](made.places))
        await until_aside(made, "higher_head", {liar.authority})
        await liar.become(honest(made))
        await made.stop()
        made.start()
        assert await made.aside() == {liar.authority}
        asked = liar.asked.total()
        await made.grow(2)
        assert await made.anchored() == []
        assert liar.asked.total() == asked
        # Two were left, and now there is one: the third is believed again by a person's word only.
        await others[0].become(LAME["silent"](made.places))
        before = made.sizes
        await made.grow(2)
        assert await made.holds(lambda: made.troubles["chain_lagging"] > 2)
        assert made.sizes == before
        assert await made.standing.readmit(liar.authority)
        assert await made.anchored() == []
        assert liar.asked.total() > asked
        assert await made.judge(set()) == []

    play(scene, 3)


def test_who_lies_again_is_set_aside_again(play):
    async def scene(made: Region):
        liar = made.nodes[1]
        for name in ("wrong_root", "other_time"):
            await liar.become(LIES[name](made.places))
            await until_aside(made, name, {liar.authority})
            assert await made.standing.readmit(liar.authority)
            await until_aside(made, name, {liar.authority})
        assert await made.judge({liar.authority}) == []

    play(scene, 4)


def test_a_contradiction_between_two_is_an_alarm_that_names_both(play):
    async def scene(made: Region):
        liar = made.nodes[1]
        await liar.become(LIES["higher_head"](made.places))
        await made.grow(2)
        assert await made.holds(lambda: alarm(made) == "chain_disputed")
        detail = made.anchorer.status.alarm.detail
        assert all(node.authority in detail for node in made.nodes)
        await liar.become(honest(made))
        assert await made.anchored() == []
        kept = await made.store.evidence("chain_disputed")
        assert detail in {body for _, _, body, _ in kept}
        assert await made.holds(lambda: alarm(made) is None)
        assert await made.judge(set()) == []

    play(scene, 2)


def test_what_all_nodes_forgot_is_sent_again_after_a_restart(play):
    async def scene(made: Region):
        for node in made.nodes:
            await node.become(LAME["swallowed"](made.places))
        await made.grow(2)
        assert await made.holds(lambda: all(node.sent.get(1) for node in made.nodes))
        await made.stop()
        assert made.truth.nonce(made.chain.sender) == 1
        for node in made.nodes:
            await node.become(honest(made))
        made.start()
        assert await made.anchored() == []
        assert await made.judge(set()) == []

    play(scene, 3)


@pytest.mark.parametrize("seed", range(3))
def test_one_liar_after_the_other(play, seed):
    """At each moment one of four is no good; it is set aside, or it recovers, before the next one."""
    dice = random.Random(seed)

    async def scene(made: Region):
        for _ in range(12):
            liar, name = dice.choice(made.nodes), dice.choice(sorted({*ALL} - {"status_1"}))
            await liar.become(ALL[name](made.places))
            await move(made, name)
            assert await made.anchored() == [], name
            guilty = {liar.authority} if name in LIES else set()
            assert await made.aside() <= guilty, name
            assert await made.judge(guilty) == [], name
            await liar.become(honest(made))
            await made.standing.readmit(liar.authority)

    play(scene, 4, timeout=HASTY)
