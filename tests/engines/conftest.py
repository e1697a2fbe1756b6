import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.engines.abilities import fits
from tests.engines.choosing import add_options, chosen, is_foreign, is_named
from tests.engines.engine import Engine, missing
from tests.engines.worker import working
from tests.engines.world import play

HERE = Path(__file__).parent
_CHOSEN = pytest.StashKey[dict]()


def pytest_addoption(parser):
    add_options(parser)


def pytest_configure(config):
    # What was named wrongly is said before anything is collected.
    _engines(config)


def pytest_generate_tests(metafunc):
    """Give each test the engines that it is for; one for which there is none is left out below."""
    if "settings" not in metafunc.fixturenames:
        return
    marks = [*metafunc.definition.iter_markers()]
    ends_it = "own_engine" in metafunc.fixturenames
    names = [
        name
        for name, settings in _engines(metafunc.config).items()
        if fits(settings, marks) and not (ends_it and is_foreign(settings))
    ]
    metafunc.parametrize("settings", names or [None], indirect=True, scope="package")


def pytest_collection_modifyitems(config, items):
    left = [item for item in items if _is_left_out(config, item)]
    if left:
        config.hook.pytest_deselected(items=left)
        items[:] = [item for item in items if item not in left]


def pytest_terminal_summary(terminalreporter, config):
    for name, settings in _engines(config).items():
        if is_foreign(settings):
            terminalreporter.write_line(
                f"Tests that end an engine and start it again were left out on {name}:"
                " its file has no command, so it is not ours to end."
            )


def _engines(config):
    if _CHOSEN not in config.stash:
        config.stash[_CHOSEN] = {each["name"]: each for each in chosen(config)}
    return config.stash[_CHOSEN]


def _is_left_out(config, item):
    if HERE not in item.path.parents:
        return False
    if "settings" not in item.fixturenames:
        # It has chains of its own, so it says nothing of an engine that was named.
        return is_named(config)
    return item.callspec.params["settings"] is None


@pytest.fixture(scope="package")
def settings(request):
    read = _engines(request.config)[request.param]
    if reason := missing(read):
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    return read


@pytest.fixture(scope="package")
def running() -> Iterator[dict[str, Engine]]:
    """Engines that were started, by name: each once, as one takes long; they end with this folder."""
    started: dict[str, Engine] = {}
    yield started
    for each in started.values():
        each.stop()


@pytest.fixture(scope="package")
def engine(settings, running, tmp_path_factory) -> Engine:
    """One running chain for all tests; each test deploys its own contracts."""
    name = settings["name"]
    if name not in running:
        started = Engine(settings, tmp_path_factory.mktemp("engine") / "state")
        started.start()
        running[name] = started
    return running[name]


@pytest.fixture
def own_engine(settings, tmp_path) -> Iterator[Engine]:
    """A chain that the test may end and start again."""
    started = Engine(settings, tmp_path / "state")
    started.start()
    yield started
    started.stop()


@pytest.fixture
def scene(engine, tmp_path):
    """Run a test with a region's anchor worker, its log and its store."""

    def run(test):
        async def whole(world):
            async with working(world, tmp_path / "ledger.db") as worker:
                await test(worker)

        play(engine, whole)

    return run
