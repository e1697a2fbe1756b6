"""Chunks of the rows that need no process but their own."""

from collections import Counter
from collections.abc import Mapping

from tests.faults.lab import quick_folder
from tests.fuzz import parsers
from tests.properties.verify import lies
from tests.properties.verify import test_mutations as mutations
from tests.properties.verify.worlds import Scene
from tests.scorecard.row import Chunk
from tests.simulation import reorgs
from tests.simulation.sabotage import NAMES, missed
from tests.simulation.seeds import one
from tests.unit.gateway import liars as gateways
from tests.unit.mirroring import liars as peers
from tests.unit.mirroring import losses, splits
from tests.unit.sealing import groups

SEEDS = 20
DOUBLE_FAULTED = 5
# Seeds that no other row runs.
DOUBLE_FAULTS = 1_000_000
PARSED = 100_000
MUTATED = 2_500
LOSSES = 10
GROUPED = 25
LIES, LIES_OF_PEERS, LIES_TO_GATEWAYS = 1_500, 68, 15
SPLITS = 200


def double_faults(seed: int) -> Chunk:
    """Seeds of the simulation, of which the crashes while recovering count."""
    ran = simulated(seed + DOUBLE_FAULTS)
    return Chunk(ran.also[DOUBLE_FAULTED], ran.findings)


def simulated(seed: int) -> Chunk:
    """Seeds of the simulation; what crashed while recovering is a case of another row."""
    counted: Counter[str] = Counter()
    findings: list[str] = []
    # Here, since this process has run none before and has all imported.
    for outcome in map(one, range((seed - 1) * SEEDS + 1, seed * SEEDS + 1)):
        counted += outcome.counted
        findings += [f"simulation seed {outcome.seed}: {text}" for text in outcome.findings]
    recovering = sum(times for name, times in counted.items() if name.endswith(" recovery"))
    return Chunk(SEEDS, findings, counted, also={DOUBLE_FAULTED: recovering})


def sabotaged(_: int) -> Chunk:
    """Every planted fault once."""
    return Chunk(len(NAMES), [text for name in NAMES for text in missed(name)])


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


def reorganised(seed: int) -> Chunk:
    """A real EVM that is reset, reorganised and replaced; every verdict on the way is judged."""
    outcome = reorgs.run(seed)
    return Chunk(outcome.kinds.total(), outcome.findings, outcome.kinds)


def lost(seed: int) -> Chunk:
    """Databases lost, or restored from a backup aged 1 to 40 records."""
    found = [losses.run(case) for case in range(seed * LOSSES, (seed + 1) * LOSSES)]
    return Chunk(LOSSES, [text for text in found if text is not None])


def grouped(seed: int) -> Chunk:
    """Statements in groups that repeat and contradict one another, some of whose clients hang up."""
    cases, folder = range(seed * GROUPED, (seed + 1) * GROUPED), quick_folder()
    ran = [groups.run(case, folder) for case in cases]
    return Chunk(sum(tried for tried, _ in ran), [text for _, text in ran if text is not None])


def lied_to(seed: int) -> Chunk:
    """Well-formed lies to the verifier, to mirrors and witnesses, and to the gateway."""
    told: Counter[str] = Counter()
    findings: list[str] = []
    for liar, cases in (
        (lies.run, LIES),
        (peers.run, LIES_OF_PEERS),
        (gateways.run, LIES_TO_GATEWAYS),
    ):
        more, believed = liar(seed, cases)
        told += more
        findings += believed
    return Chunk(told.total() - told["truth"], findings, told)


def untold(told: Mapping[str, int], cases: int) -> list[str]:
    """Lies that were never told, once there were cases enough for every one."""
    if cases < 4 * (LIES + LIES_OF_PEERS + LIES_TO_GATEWAYS):
        return []
    every = (lies.untold, peers.untold, gateways.untold)
    return [name for one in every for name in one(told, cases)]


def split(seed: int) -> Chunk:
    """Two histories of one log, shown to different readers, until they meet."""
    met, findings = splits.run(seed, SPLITS)
    return Chunk(met.total(), findings, met)
