"""Many seeds, each in a process that has run few before."""

import multiprocessing
from collections.abc import Iterable, Iterator

from tests.simulation.course import Outcome, run
from tests.simulation.faults import Faults
from tests.simulation.losing import Losses

_SEEDS_OF_A_PROCESS = 25
_LOSSES_EVERY = 10


def one(seed: int) -> Outcome:
    """A seed as it is run among many: now and then disks are lost for good, beside other faults."""
    if seed % _LOSSES_EVERY:
        return run(seed)
    return run(seed, kinds=(*Faults.kinds, *Losses.kinds * 8))


def outcomes(seeds: Iterable[int], workers: int = 2) -> Iterator[Outcome]:
    """Run each seed; in their order."""
    context = multiprocessing.get_context("spawn")
    with context.Pool(workers, maxtasksperchild=_SEEDS_OF_A_PROCESS) as pool:
        yield from pool.imap(one, seeds)
