"""Rows side by side: what is finished is kept, whatever ends the work, and nothing runs on behind it."""

import os
import signal
import sys
import time
from pathlib import Path

import pytest

from tests.scorecard.results import Results, load
from tests.scorecard.row import Chunk, Row
from tests.scorecard.tree import tree_hash
from tests.scorecard.working import furthest, work

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="processes are looked up in /proc")


@pytest.fixture
def stoppable():
    """Ctrl-C as in a script: a test runner's worker may have taken it away."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def row(number, run, first=4):
    return Row(number, "tried", "cases", first, first, run)


def worked(rows, file, jobs=2):
    results = load(tree_hash(), file)
    return work({one: one.first for one in rows}, results, file, time.monotonic() + 60, jobs)


def test_every_row_reaches_its_goal_and_each_seed_comes_once(tmp_path):
    def tried(seed):
        return Chunk(1, [], {f"seed {seed}": 1}, os.environ["PYTEST_XDIST_WORKER"])

    file = tmp_path / "results.json"
    rows = [row(number, tried, first=number) for number in (2, 3, 4)]
    assert not worked(rows, file)
    reached = load(tree_hash(), file).rows
    assert {number: one.cases for number, one in reached.items()} == {2: 2, 3: 3, 4: 4}
    assert all(set(one.counted.values()) == {1} for one in reached.values())
    # Both places were used, and no third.
    assert {place for one in reached.values() for place in one.figures} == {"gw0", "gw1"}


def test_the_furthest_row_comes_next_and_none_twice_at_once():
    results = Results("tree")
    near, far = row(1, Chunk), row(2, Chunk)
    goals = {near: 4, far: 4}
    results.of(1).cases = 3
    assert furthest(goals, results, []) is far
    assert furthest(goals, results, [far]) is near
    assert furthest(goals, results, [far, near]) is None
    results.of(1).cases = 4
    assert furthest(goals, results, [far]) is None


def test_what_a_row_tries_of_another_counts_there(tmp_path):
    file = tmp_path / "results.json"
    assert not worked([row(6, lambda _: Chunk(1, [], also={5: 3}), first=2)], file)
    reached = load(tree_hash(), file).rows
    assert {number: (one.chunks, one.cases) for number, one in reached.items()} == {
        5: (0, 6),
        6: (2, 2),
    }


def test_a_finding_stops_all(tmp_path):
    file = tmp_path / "results.json"
    rows = [row(1, lambda _: Chunk(1, ["kept: no"])), row(2, lambda _: time.sleep(60))]
    began = time.monotonic()
    assert worked(rows, file)
    assert time.monotonic() - began < 30
    assert load(tree_hash(), file).rows[1].findings == ["seed 1: kept: no"]


def test_a_chunk_that_dies_is_a_finding(tmp_path):
    file = tmp_path / "results.json"
    assert worked([row(1, lambda _: os.kill(os.getpid(), signal.SIGKILL))], file)
    assert load(tree_hash(), file).rows[1].findings == [
        "seed 1: ended: the chunk's process, with -9"
    ]


# The signal may come between a file's opening and the block that closes it, which is left to Python.
@pytest.mark.filterwarnings("ignore:.*FileIO.*:pytest.PytestUnraisableExceptionWarning")
def test_a_stop_keeps_what_was_finished_and_a_start_goes_on(tmp_path, stoppable):
    file, told = tmp_path / "results.json", tmp_path / "told"
    parent = os.getpid()

    def long(seed):
        try:
            while not file.exists():
                time.sleep(0.01)
            told.write_text(str(os.getpid()))
            os.kill(parent, signal.SIGINT)
            time.sleep(60)
        finally:
            # It may clear up behind itself.
            told.with_suffix(".cleared").touch()

    with pytest.raises(KeyboardInterrupt):
        worked([row(1, lambda _: Chunk(4, [])), row(2, long)], file)
    assert told.with_suffix(".cleared").exists()
    assert not Path(f"/proc/{told.read_text()}").exists()
    reached = load(tree_hash(), file).rows
    assert reached[1].cases == 4
    assert not reached[2].chunks
    assert not worked([row(2, lambda seed: Chunk(4, [], {str(seed): 1}))], file)
    assert load(tree_hash(), file).rows[2].counted == {"1": 1}


def test_a_row_that_fills_the_machine_runs_alone(tmp_path):
    file, running = tmp_path / "results.json", tmp_path / "running"
    running.mkdir()

    def seen(number):
        def tried(seed):
            mine = running / f"{number} {seed}"
            mine.touch()
            time.sleep(0.1)
            beside = len(list(running.iterdir())) - 1
            mine.unlink()
            return Chunk(1, [], {"beside": beside})

        return tried

    alone = Row(16, "tried", "cases", 3, 3, seen(16), alone=True)
    assert not worked([row(1, seen(1)), alone, row(2, seen(2))], file)
    reached = load(tree_hash(), file).rows
    assert reached[16].counted["beside"] == 0
    assert reached[1].counted["beside"] > 0
