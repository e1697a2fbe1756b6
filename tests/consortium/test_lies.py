"""Validators whose RPC lies, with all four alive and with one of the others killed."""

import asyncio
import os
import sys

import pytest

from tests.engines.authorities import patience, region
from tests.engines.choosing import settings_of
from tests.engines.engine import Engine
from tests.engines.ground import Ground
from tests.engines.scenes import believed_no_more

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="children die with us by prctl")

TOLD = (
    "invented_event",
    "wrong_root",
    "status_1",
    "other_contract",
    "old_head",
    "late",
    "event_from_nothing",
)
KILLED = "supervisor"
PLACES = [(who, killed) for killed in (False, True) for who in ("own", "other")]


def told():
    """Each lie in one place and with or without the killed one, in turn; in all where JJJ_ALL_LIES is set."""
    for at, name in enumerate(TOLD):
        for place in PLACES if "JJJ_ALL_LIES" in os.environ else [PLACES[at % len(PLACES)]]:
            who, killed = place
            beside = f"without-{KILLED}" if killed else "all-alive"
            yield pytest.param(name, who == "other", killed, id=f"{name}-{who}-{beside}")


@pytest.fixture(scope="module")
def ground(chain, tmp_path_factory) -> Ground:
    urls = [one.url for one in chain.validators.values()]
    return Ground(Engine(settings_of("consortium"), tmp_path_factory.mktemp("engine"), urls))


@pytest.mark.parametrize(("name", "who", "killed"), [*told()])
def test_one_validator_that_lies_is_not_believed(chain, ground, tmp_path, name, who, killed):
    async def scene():
        async with region(ground, tmp_path, len(chain.validators), patience(name)) as made:
            if killed:
                chain.kill(KILLED)
            await believed_no_more(made, who, name)

    assert [*chain.validators][-1] == KILLED, (
        "the last one is neither who lies nor who tells the truth"
    )
    try:
        asyncio.run(scene())
    finally:
        if killed:
            chain.start(KILLED)
            chain.wait_for_blocks(KILLED)
