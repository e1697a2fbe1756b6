import os
from collections.abc import Iterator

import pytest

from tests.engines.engine import Engine, missing, settings_of

ENGINES = ("devchain", "anvil")


@pytest.fixture(scope="session", params=ENGINES)
def settings(request):
    read = settings_of(request.param)
    if reason := missing(read):
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    return read


@pytest.fixture(scope="session")
def engine(settings, tmp_path_factory) -> Iterator[Engine]:
    """One running chain for all tests; each test deploys its own contracts."""
    started = Engine(settings, tmp_path_factory.mktemp("engine") / "state")
    started.start()
    yield started
    started.stop()


@pytest.fixture
def own_engine(settings, tmp_path) -> Iterator[Engine]:
    """A chain that the test may end and start again."""
    started = Engine(settings, tmp_path / "state")
    started.start()
    yield started
    started.stop()
