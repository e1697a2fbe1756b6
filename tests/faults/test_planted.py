"""The harness goes red for a planted fault, by the invariant that names it and not by a crash."""

import re
import sys
from pathlib import Path

import pytest

from tests.faults import campaign

LIST = Path(__file__).parents[2] / "docs/developer/planted.md"

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="children die with us by prctl")


@pytest.mark.parametrize(("plant", "kills"), [("acknowledge_early", 10), ("lock_unmoved", 5)])
def test_a_planted_fault_is_found(plant, kills):
    outcome = campaign.run(
        seed=20260302, kills=kills, most_seconds=120, plant=plant, settle_seconds=5
    )
    print(outcome, *outcome.findings[:5], sep="\n")
    assert "kept" in outcome.broken()
    assert "alive" not in outcome.broken()


def test_the_list_names_every_planted_fault_and_the_tests_that_find_it():
    text = LIST.read_text("utf-8").partition("## In the laboratory")[2]
    rows = re.findall(r"^\| `([a-z_]+)` \|[^|]+\| [a-z]+ \| (.+) \|$", text, re.MULTILINE)
    plants = sorted((Path(__file__).parent / "planted").glob("*.py"))
    assert [name for name, _ in rows] == [one.stem for one in plants]
    for name, tests in rows:
        for test in re.findall(r"`([^`]+)`", tests):
            assert name in (LIST.parents[2] / test).read_text()
