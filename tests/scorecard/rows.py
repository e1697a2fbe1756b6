"""Every row of the scorecard that runs unattended."""

from collections import Counter
from collections.abc import Mapping

from tests.faults import campaign, powerloss, soak, syscalls, takeover, weather
from tests.faults.lab import quick_folder
from tests.faults.striking import points
from tests.fuzz import parsers
from tests.postgres import Server
from tests.properties.verify import test_mutations as mutations
from tests.properties.verify.worlds import Scene
from tests.scorecard.row import Chunk, Row
from tests.simulation import course
from tests.simulation.coverage import holes
from tests.simulation.sabotage import NAMES, missed
from tests.unit.mirroring import losses
from tests.unit.sealing import groups

KILLS = 250
SEEDS = 20
# Seeds that no other row runs.
DOUBLE_FAULTS = 1_000_000
PARSED = 100_000
MUTATED = 2_500
LOSSES = 10
STORM_SECONDS = 45
CALLS = 48
RECORDS, STATES = 24, 3_000
SOAKED_MINUTES = 10
GROUPED = 25


def kills(seed: int) -> Chunk:
    """Processes killed at any moment and at every failpoint while posting; every other time with copies."""
    copies = seed % 2
    outcome = campaign.run(seed=seed, kills=KILLS, most_seconds=KILLS * 10.0, copies=copies)
    short = [] if outcome.total_kills >= KILLS else [f"only {outcome.total_kills} kills"]
    return Chunk(outcome.total_kills, outcome.findings + short, outcome.points)


def unstruck(counted: Mapping[str, int], cases: int) -> list[str]:
    """Failpoints at which nothing was killed, once there were kills enough for every one."""
    return [one for one in points(1) if not counted.get(one)] if cases >= 10 * KILLS else []


def killed_at_calls(seed: int) -> Chunk:
    """A node killed at storage calls, one after the other and all over again."""
    return _calls(seed, (syscalls.KILL,))


def failed_calls(seed: int) -> Chunk:
    """Storage calls that fail, one after the other and all over again."""
    return _calls(seed, syscalls.ERRORS)


def _calls(seed: int, faults: tuple[str, ...]) -> Chunk:
    every = [syscalls.Case(call, fault, n) for call, n in syscalls.EVERY_CALL for fault in faults]
    first = (seed - 1) * CALLS % len(every)
    struck = syscalls.run(seed, every[first : first + CALLS])
    return Chunk(struck.came.total(), struck.findings)


def powerless(seed: int) -> Chunk:
    """Crash states of one recording."""
    losses = powerloss.lose(powerloss.record(seed, RECORDS), seed, STATES)
    return Chunk(losses.states, losses.findings)


def double_faults(seed: int) -> Chunk:
    """Seeds of the simulation, of which the crashes while recovering count."""
    ran = simulated(seed + DOUBLE_FAULTS)
    recovering = [times for name, times in ran.counted.items() if name.endswith(" recovery")]
    return Chunk(sum(recovering), ran.findings)


def simulated(seed: int) -> Chunk:
    """Seeds of the simulation."""
    counted: Counter[str] = Counter()
    findings: list[str] = []
    # Here, since this process has run none before and has all imported.
    for outcome in map(course.run, range((seed - 1) * SEEDS + 1, seed * SEEDS + 1)):
        counted += outcome.counted
        findings += [f"simulation seed {outcome.seed}: {one}" for one in outcome.findings]
    return Chunk(SEEDS, findings, counted)


def sabotaged(_: int) -> Chunk:
    """Every planted fault once."""
    return Chunk(len(NAMES), [one for name in NAMES for one in missed(name)])


def parsed(seed: int) -> Chunk:
    """Hostile bytes against every parser."""
    try:
        return Chunk(parsers.run(seed, PARSED).total(), [])
    except AssertionError as error:
        return Chunk(0, [str(error)])


def mutated(seed: int) -> Chunk:
    """Bundles changed anywhere."""
    scene = Scene()
    done = 0
    for kind in ("record", "dossier", "file", "pending"):
        base = getattr(scene, kind)()
        try:
            seen = mutations.run(base, mutations.known_of(base), seed, MUTATED)
        except AssertionError as error:
            return Chunk(done, [str(error)])
        done += seen.total()
    return Chunk(done, [])


def lost(seed: int) -> Chunk:
    """Databases lost, or restored from a backup aged 1 to 40 records."""
    found = [losses.run(case) for case in range(seed * LOSSES, (seed + 1) * LOSSES)]
    return Chunk(LOSSES, [one for one in found if one is not None])


def taken_over(seed: int) -> Chunk:
    """A leader stopped once at each failpoint of its own while another node leads."""
    with Server.running() as server:
        server.found()
        done = takeover.run(seed, server, takeover.LEADING_POINTS)
    return Chunk(done.points.total(), done.findings)


def stormy(seed: int) -> Chunk:
    """Connections and pieces that a storm struck; every other time with copies."""
    passed = weather.run(seed, STORM_SECONDS, copies=seed % 2)
    return Chunk(passed.struck.total(), passed.findings)


def grouped(seed: int) -> Chunk:
    """Statements in groups that repeat and contradict one another, some of whose clients hang up."""
    cases, folder = range(seed * GROUPED, (seed + 1) * GROUPED), quick_folder()
    ran = [groups.run(case, folder) for case in cases]
    return Chunk(sum(tried for tried, _ in ran), [one for _, one in ran if one is not None])


def soaked(seed: int) -> Chunk:
    """Minutes at work with one fault in each."""
    done = soak.run(seed, SOAKED_MINUTES)
    return Chunk(done.faults.total(), done.findings, done.faults, str(done))


ROWS = (
    Row(
        1,
        "kill -9 at every failpoint and at any moment, three nodes and a chain",
        "kills",
        50_000,
        5_000,
        kills,
        unstruck,
    ),
    Row(2, "kill -9 at each storage call of a record's way", "calls", 180, 180, killed_at_calls),
    Row(3, "each storage call fails, EIO and ENOSPC", "calls", 360, 360, failed_calls),
    Row(4, "power lost, writes dropped and torn", "states", 100_000, 100_000, powerless),
    Row(5, "crashes while recovering, simulated", "crashes", 5_000, 500, double_faults),
    Row(6, "simulated regions and chain, by seed", "seeds", 10_000, 1_000, simulated, holes),
    Row(7, "planted faults that have to be found", "faults", len(NAMES), len(NAMES), sabotaged),
    Row(10, "the database lost, or restored from an old backup", "cases", 100, 20, lost),
    Row(11, "two nodes on one region, the leader stopped", "pauses", 1_000, 200, taken_over),
    Row(13, "links that drop, cut, delay, stall, send twice", "strikes", 50_000, 5_000, stormy),
    Row(
        15, "groups that repeat and contradict one another", "statements", 100_000, 100_000, grouped
    ),
    Row(18, "hostile bytes against every parser", "inputs", 1_000_000, 1_000_000, parsed),
    Row(19, "bundles changed in any byte", "mutations", 1_000_000, 1_000_000, mutated),
    Row(30, "work without an end, with one fault a minute", "minutes", 480, 30, soaked),
)
"""In the order of their numbers."""
