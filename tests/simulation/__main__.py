"""Seeds one after another on both cores: python -m tests.simulation --seeds A:B (B not included).

Prints a line a seed; stops at the first broken one and ends with 1. A later range goes on where it ended.
Ends with 1, too, where enough seeds have left a moment or a branch unreached (tests/simulation/coverage.py).
"""

import argparse
import sys
from collections import Counter
from collections.abc import Iterable

from tests.simulation.course import Outcome
from tests.simulation.coverage import ENOUGH, holes, missing
from tests.simulation.seeds import outcomes


def main() -> int:
    """Run the range; 1 where a promise was broken or something was never reached."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", required=True, help="A:B, from A up to and without B")
    parser.add_argument("--workers", type=int, default=2)
    arguments = parser.parse_args()
    first, last = (int(one) for one in arguments.seeds.split(":"))
    return judged(outcomes(range(first, last), arguments.workers))


def judged(ran: Iterable[Outcome]) -> int:
    """Show each outcome up to the first broken one, then what all of them reached; the exit code."""
    counted: Counter[str] = Counter()
    seeds = 0
    for outcome in ran:
        print(outcome, flush=True)
        for finding in outcome.findings:
            print(f"  {finding}", flush=True)
        if outcome.findings:
            return 1
        seeds += 1
        counted += outcome.counted
    unreached = missing(counted)
    print(
        f"{seeds} seeds, {len(unreached)} moments and branches unreached:", *unreached, sep="\n  "
    )
    if seeds < ENOUGH:
        print(f"fewer than {ENOUGH} seeds: too few to hold that against them")
    return 1 if holes(counted, seeds) else 0


if __name__ == "__main__":
    sys.exit(main())
