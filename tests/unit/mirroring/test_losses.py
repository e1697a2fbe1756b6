"""A few of the cases that the scorecard counts in hundreds (row 10)."""

import pytest

from tests.unit.mirroring.losses import CASES, run


@pytest.mark.parametrize("seed", range(len(CASES) + 1))
def test_what_was_answered_outlives_the_database_or_is_named(seed, tmp_path):
    assert run(seed, tmp_path) is None
