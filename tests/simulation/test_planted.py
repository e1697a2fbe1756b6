"""The simulation goes red for each planted fault, by the invariant it breaks, and green without it."""

import re
from pathlib import Path

import pytest

from tests.simulation.sabotage import NAMES, missed, planted

LIST = Path(__file__).parents[2] / "docs/developer/planted.md"
# The quick ones; nightly's row 7 plants them all.
QUICK = [name for name in NAMES if planted(name).SECONDS <= 20]


@pytest.mark.parametrize("name", QUICK)
def test_a_planted_fault_is_found_by_what_it_breaks(name):
    assert missed(name) == []


def test_the_list_names_every_planted_fault_and_what_finds_it():
    rows = re.findall(
        r"^\| `([a-z_]+)` \|.*\| ([a-z]+) \| \d+ \| [\d.]+ \|$", LIST.read_text(), re.MULTILINE
    )
    assert sorted(rows) == [(name, planted(name).BREAKS) for name in NAMES]
