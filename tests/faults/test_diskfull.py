"""A full disk loses nothing, other regions go on, and room is all that is needed to go on here."""

import sys

import pytest

from tests.faults import diskfull
from tests.postgres import MissingError, binary, missing, run_as

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="children die with us by prctl")

SEED = 20260302


def test_a_full_disk_under_sqlite_loses_nothing():
    kinds = ("data filled", "data filled, slowly", "locks filled", "data filled, stopped")
    done = diskfull.run(SEED, kinds, copies=1)
    print(done)
    assert done.findings == []
    assert done.cases == dict.fromkeys(kinds, 1)


def test_a_full_disk_under_postgres_loses_nothing():
    try:
        binary("initdb"), run_as()
    except MissingError as error:
        missing(error)
    done = diskfull.run_on_postgres(SEED, ("wal filled",))
    print(done)
    assert done.findings == []
    assert done.cases == {"wal filled": 1}


def test_an_answer_before_the_commit_is_found_by_a_full_disk():
    kinds = ("data filled, after an answer",)
    done = diskfull.run(SEED, kinds, plant="acknowledge_early", settle_seconds=5)
    print(*done.findings[:5], sep="\n")
    broken = {one.partition(":")[0] for one in done.findings}
    # By whoever looks first: the receipt's leaf is gone, or a repeat gets another place.
    assert broken & {"kept", "repeat"}
    assert "alive" not in broken
