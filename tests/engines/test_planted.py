"""The oracle goes red for each planted fault, by the invariant that names it, and is green without it."""

import asyncio
import importlib
import re
from pathlib import Path

import pytest

from tests.engines.authorities import region
from tests.engines.ground import ground as prepared
from tests.engines.lameness import Lame
from tests.engines.testimony import LAME, LIES

LIST = Path(__file__).parents[2] / "docs/developer/planted.md"
NAMES = sorted(path.stem for path in (Path(__file__).parent / "planted").glob("*.py"))


@pytest.fixture(scope="module")
def ground(tmp_path_factory):
    with prepared(tmp_path_factory.mktemp("ground") / "state") as made:
        yield made


@pytest.mark.parametrize("name", NAMES)
def test_a_planted_fault_is_found_by_what_it_breaks(ground, tmp_path, name):
    module = planted(name)
    with pytest.MonkeyPatch.context() as patch:
        module.plant(patch)
        found = asyncio.run(course(module, ground, tmp_path / "planted", 3))
    print(*found, sep="\n")
    assert module.BREAKS in {one.partition(":")[0] for one in found}
    assert asyncio.run(course(module, ground, tmp_path / "clean", 60)) == []


def test_the_list_names_every_planted_fault_and_the_lie_that_shows_it():
    text = LIST.read_text("utf-8").partition("## Among lying nodes")[2].partition("\n## ")[0]
    rows = re.findall(
        r"^\| `([a-z_]+)` \|[^|]+\| ([a-z]+) \| `([a-z_0-9]+)` \|$", text, re.MULTILINE
    )
    assert rows == [(name, planted(name).BREAKS, planted(name).LIE) for name in NAMES]


def planted(name: str):
    return importlib.import_module(f"tests.engines.planted.{name}")


async def course(module, ground, folder: Path, seconds: float) -> list[str]:
    """Let the first nodes lie, start the region anew, end the lie; what the oracle finds."""
    folder.mkdir()
    async with region(ground, folder, module.NODES) as made:
        lie = (LIES | LAME)[module.LIE]
        liars = made.nodes[: module.LIARS]
        for node in liars:
            await node.become(lie(made.places))
        await made.grow(4)
        await made.holds(made.is_anchored, 2)
        await made.world.rpc.call("evm_mine")
        await made.holds(made.is_anchored, 2)
        await made.stop()
        for node in liars:
            await node.become(Lame(made.places))
        made.start()
        await made.grow(4)
        await made.holds(made.is_anchored, seconds)
        guilty = {node.authority for node in liars} if module.LIE in LIES else set()
        anchored = [] if made.is_anchored() else [f"anchored: told of {made.sizes}"]
        return anchored + await made.judge(guilty)
