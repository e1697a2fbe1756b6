"""What happens to a region whose nodes lie, and what has to come of it."""

from ledger.chain.accounts import address_of
from ledger.chain.registry import account_key
from ledger.chain.registrystate import KeyRole
from tests.engines.authorities import Region
from tests.engines.lameness import Lame
from tests.engines.testimony import LAME, LIES
from tests.engines.world import key


async def move(made: Region, name: str) -> None:
    """Have the region anchor; where the lie is about refusals, one is refused first."""
    if name != "status_1":
        for _ in range(2):
            await made.grow(4)
            await made.holds(made.is_anchored, 0.5)
        return
    registry = made.world.registry("beijing")
    await registry.change_key(KeyRole.ANCHOR, account_key(address_of(key("stranger"))))
    await made.grow(4)
    assert await made.holds(lambda: alarm(made) == "anchor_refused")
    await registry.change_key(KeyRole.ANCHOR, account_key(address_of(key("anchor"))))


def honest(made: Region) -> Lame:
    return Lame(made.places)


def alarm(made: Region) -> str | None:
    found = made.anchorer.status.alarm
    return None if found is None else found.code


async def believed_no_more(made: Region, who: int, name: str) -> None:
    """One node lies or fails while two others are honest: all goes on, and a liar is set aside."""
    liar = made.nodes[who]
    await liar.become((LIES | LAME)[name](made.places))
    guilty = {liar.authority} if name in LIES else set()
    await until_aside(made, name, guilty)
    assert await made.judge(guilty) == []


async def until_aside(made: Region, name: str, guilty: set[str]) -> None:
    """Have the region anchor until these are set aside, and nobody else, on evidence that names them.

    A node is asked in its turn, so a lie may be told a while later.
    """
    for _ in range(20):
        await move(made, name)
        assert await made.anchored() == []
        if await made.aside() == guilty:
            break
    assert await made.aside() == guilty
    kept = await made.store.evidence("chain_node_set_aside")
    assert {subject for _, subject, _, _ in kept} == guilty
    assert all(subject in body for _, subject, body, _ in kept)
