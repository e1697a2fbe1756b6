"""Works on several rows side by side, and keeps what each finished chunk reached."""

import time
from pathlib import Path

from tests.scorecard.pool import Pool
from tests.scorecard.results import Results, save
from tests.scorecard.row import Chunk, Row
from tests.scorecard.tree import tree_hash


def work(goals: dict[Row, int], results: Results, file: Path, deadline: float, jobs: int) -> bool:
    """Run chunks side by side until the time is over; whether a promise was broken."""
    with Pool() as pool:
        while True:
            while len(pool.running) < jobs and time.monotonic() < deadline:
                row = furthest(goals, results, pool.running)
                if row is None:
                    break
                pool.start(row, results.of(row.number).chunks + 1)
            if not pool.running:
                return False
            for row, chunk, seconds in pool.finished():
                if keep(row, chunk, seconds, results, file):
                    return True
            if tree_hash() != results.tree:
                print("the product's tree has changed: start again")
                return True


def furthest(goals: dict[Row, int], results: Results, busy: list[Row]) -> Row | None:
    """The row with the smallest part of its goal behind it, of those that may run beside the busy ones.

    No row has two chunks at once, and one that runs alone waits until nothing else does.
    """
    if any(row.alone for row in busy):
        return None
    parts = {row: results.of(row.number).cases / goal for row, goal in goals.items()}
    left = [row for row, part in parts.items() if part < 1 and row not in busy]
    free = [row for row in left if not (row.alone and busy)]
    return min(free, key=parts.__getitem__, default=None)


def keep(row: Row, chunk: Chunk, seconds: float, results: Results, file: Path) -> bool:
    """Add a finished chunk; whether a promise was broken, or something should long have been reached."""
    reached = results.of(row.number)
    reached.add(chunk, seconds)
    for number, cases in chunk.also.items():
        results.of(number).cases += cases
    seed = reached.chunks
    holes = row.holes(reached.counted, reached.cases)
    broken = [*chunk.findings, *(f"never reached: {name}" for name in holes)]
    reached.findings += [f"seed {seed}: {one}" for one in broken]
    save(results, file)
    print(
        f"row {row.number}: {reached.cases} {row.unit} in {reached.seconds:.0f} s {chunk.figures}",
        flush=True,
    )
    for finding in broken:
        print(f"  seed {seed}: {finding}", flush=True)
    return bool(broken)
