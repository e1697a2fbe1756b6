"""Every row of the scorecard that runs unattended."""

from tests.scorecard import inside
from tests.scorecard import laboratory as lab
from tests.scorecard.row import Row
from tests.simulation.coverage import holes
from tests.simulation.sabotage import NAMES
from tests.unit.mirroring.splits import unmet

ROWS = (
    Row(
        1,
        "kill -9 at every failpoint and at any moment, three nodes and a chain",
        "kills",
        50_000,
        5_000,
        lab.kills,
        lab.unstruck,
    ),
    Row(
        2,
        "kill -9 at each storage call of a record's way",
        "calls",
        180,
        180,
        lab.killed_at_calls,
    ),
    Row(3, "each storage call fails, EIO and ENOSPC", "calls", 360, 360, lab.failed_calls),
    Row(4, "power lost, writes dropped and torn", "states", 100_000, 100_000, lab.powerless),
    Row(5, "crashes while recovering, simulated", "crashes", 5_000, 500, inside.double_faults),
    Row(6, "simulated regions and chain, by seed", "seeds", 10_000, 1_000, inside.simulated, holes),
    Row(
        7,
        "planted faults that have to be found",
        "faults",
        len(NAMES),
        len(NAMES),
        inside.sabotaged,
    ),
    Row(
        8,
        "the chain away: an hour, simulated, and ten minutes",
        "outages",
        21,
        21,
        lab.without_chain,
    ),
    Row(9, "the chain reset, reorganised, replaced", "cases", 200, 20, inside.reorganised),
    Row(10, "the database lost, or restored from an old backup", "cases", 100, 20, inside.lost),
    Row(
        11,
        "two nodes on one region, the leader stopped",
        "pauses",
        1_000,
        200,
        lab.taken_over,
    ),
    Row(
        12,
        "disks filled to the last byte, SQLite and PostgreSQL",
        "cases",
        100,
        20,
        lab.full,
    ),
    Row(
        13,
        "links that drop, cut, delay, stall, send twice",
        "strikes",
        50_000,
        5_000,
        lab.stormy,
    ),
    Row(14, "a region cut off or slow while readers ask", "partitions", 200, 20, lab.parted),
    Row(
        15,
        "groups that repeat and contradict one another",
        "statements",
        100_000,
        100_000,
        inside.grouped,
    ),
    Row(
        16,
        "ten times the normal rate among hostile requests",
        "requests",
        12_000,
        1_200,
        lab.besieged,
        alone=True,
    ),
    Row(18, "hostile bytes against every parser", "inputs", 1_000_000, 1_000_000, inside.parsed),
    Row(19, "bundles changed in any byte", "mutations", 1_000_000, 1_000_000, inside.mutated),
    Row(
        20,
        "well-formed lies to all who read",
        "lies",
        10_000,
        10_000,
        inside.lied_to,
        inside.untold,
    ),
    Row(
        21, "two histories of one log, until they meet", "splits", 1_000, 1_000, inside.split, unmet
    ),
    Row(27, "clocks that jump, of processes and simulated", "jumps", 200, 20, lab.jumped),
    Row(30, "work without an end, with one fault a minute", "minutes", 480, 30, lab.soaked),
    Row(
        33,
        "four validators killed, lying, slow, cut off two from two",
        "steps",
        120,
        12,
        lab.shaken,
    ),
)
"""In the order of their numbers."""
