import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest

from ledger.consortium.binary import build, is_ready
from ledger.consortium.layout import lay_out, read_layout
from ledger.consortium.plan import read_plan, source_folder
from ledger.consortium.validators import Consortium, consortium
from ledger.settings import cache_folder

PLAN = read_plan(source_folder())
FUNDED = bytes.fromhex("11" * 20)
BLOCK_SECONDS = 0.25


@pytest.fixture(scope="session")
def program() -> Path:
    """The engine; it is built by scripts/test, since that takes minutes."""
    if not is_ready(source_folder(), cache_folder()):
        reason = "the consortium's engine is not built: `scripts/consortium build` (needs Go)"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    return build(source_folder(), cache_folder(), pytest.fail)


@pytest.fixture(scope="session")
def laid_out(program, tmp_path_factory) -> Path:
    """A chain that never ran; one that is to run takes a copy."""
    folder = tmp_path_factory.mktemp("laid-out")
    lay_out(folder, program, PLAN, [FUNDED])
    return folder


@pytest.fixture(scope="session")
def running(program, laid_out) -> Callable[..., AbstractContextManager[Consortium]]:
    """Takes a folder; its chain, not yet started, begins as all of this session where there is none."""

    @contextmanager
    def run(folder: Path) -> Iterator[Consortium]:
        if not folder.exists():
            shutil.copytree(laid_out, folder)
        homes = read_layout(folder)
        with consortium(program, homes, PLAN, block_time=BLOCK_SECONDS) as made:
            yield made

    return run


@pytest.fixture(scope="module")
def chain(running, tmp_path_factory) -> Iterator[Consortium]:
    """A chain that runs; whoever stops a validator of it starts it again."""
    with running(tmp_path_factory.mktemp("chain") / "chain") as made:
        made.start()
        made.wait_for_blocks()
        yield made
