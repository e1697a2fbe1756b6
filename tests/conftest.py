"""Shared by all tests: generated cases replay, no setting of this machine leaks in, nothing stays open."""

import gc
import os

import pytest
from hypothesis import settings

# Fixtures that any test may ask for; neither does anything before that.
from tests.postgres import postgres  # noqa: F401
from tests.stores import database, either  # noqa: F401
from tests.stores import parametrize_either as pytest_generate_tests  # noqa: F401

# The plugin of the installed project brings `local_ledger`; CI repeats exactly what a pull request saw.
settings.register_profile("ci", derandomize=True, deadline=None, max_examples=200)
settings.register_profile("dev", deadline=None)
settings.load_profile("ci" if os.environ.get("CI") == "true" else "dev")


def pytest_configure(config):
    config.addinivalue_line(
        "markers", "file: handles the file of SQLite, so runs on no other database"
    )


@pytest.fixture(scope="module", autouse=True)
def nothing_left_open():
    """A socket left open fails the file that left it: collected later, it would fail a test of another."""
    yield
    gc.collect()


# Not for the session, as the plugin has it: an idle network still costs a seventh of a processor, and what
# its regions ask one another stands in the log, which a test of another file may read.
@pytest.fixture(scope="module")
def local_ledger():
    from ledger.testing import running_network

    with running_network() as network:
        yield network
