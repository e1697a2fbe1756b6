"""Many seeds, each in a process that has run few before."""

import multiprocessing
from collections.abc import Iterable, Iterator

from tests.simulation.course import Outcome, run

_SEEDS_OF_A_PROCESS = 25


def outcomes(seeds: Iterable[int], workers: int = 2) -> Iterator[Outcome]:
    """Run each seed; in their order."""
    context = multiprocessing.get_context("spawn")
    with context.Pool(workers, maxtasksperchild=_SEEDS_OF_A_PROCESS) as pool:
        yield from pool.imap(run, seeds)
