"""A real EVM is reset, reorganised to a depth of 1 to 64, or replaced by another chain at the same address.

Three regions take records all the while. Beyond the promises that ``judge`` and ``verdicts`` know:
    again     every head that bundles stand on is back within a minute, before any new one
    detected  every region knows where its anchors stand now; no region raises an alarm over a roll-back
    identity  of another chain every region says so at its next look, and it is sent nothing until the network
              file names it and the node was started again
    settled   all is anchored and has its quorum soon after the last case
"""

import asyncio
from collections import Counter
from dataclasses import dataclass, field

from tests.simulation import judge
from tests.simulation.asking import ask
from tests.simulation.evm import EvmChain, Shown
from tests.simulation.evmworld import EvmWorld, evm_world
from tests.simulation.loop import EndlessError
from tests.simulation.machines import Machine
from tests.simulation.process import ConnectionLostError
from tests.simulation.region import Region
from tests.simulation.statements import REGIONS
from tests.simulation.verdicts import Oracle

DEEPEST = 64
REORG, RESET, REPLACED, ADOPTED = "reorg", "reset", "replaced", "adopted"
KINDS = (REORG, REORG, RESET, REORG, REPLACED, REORG, REORG, REPLACED, RESET, REORG)
AGAIN_SECONDS = 60.0
# After an alarm the next look may be a minute away.
ALARM_SECONDS = 60.0
_SETTLE_SECONDS = 60.0
_CONFIRMATIONS = (0, 2, 12, 0, 64)
_BUNDLES = 3
_ON_ITS_WAY = 0.3
# Coprime to the depths, so that cases one after another reach every one of them.
_STRIDE = 27


@dataclass
class Outcome:
    """What a seed did and found; ``findings`` is empty where every promise was kept.

    Attributes:
        kinds: cases by kind.
        depths: blocks taken away, by reorganisation.
        lost: heads that were taken from the chain.
        crossed: transactions that were on their way as the chain was replaced.
        seconds: the longest time until such heads were back, and until a replaced chain was told.
        given: verdicts by who was asked and what was said.
    """

    seed: int
    kinds: Counter[str] = field(default_factory=Counter)
    depths: list[int] = field(default_factory=list)
    lost: int = 0
    crossed: int = 0
    seconds: dict[str, float] = field(default_factory=dict)
    given: Counter[str] = field(default_factory=Counter)
    receipts: int = 0
    virtual_seconds: float = 0.0
    findings: list[str] = field(default_factory=list)

    def broken(self) -> set[str]:
        """Names of the invariants that do not hold."""
        return {finding.partition(":")[0] for finding in self.findings}


class Course:
    """Drives one world through its cases."""

    def __init__(self, world: EvmWorld, outcome: Outcome, kinds: tuple[str, ...]) -> None:
        self._world = world
        self._rng = world.rng
        self._outcome = outcome
        self._findings = outcome.findings
        self._kinds = kinds
        self._machines = {name: Machine(world, one) for name, one in world.regions.items()}
        self._oracle: Oracle
        self._files: list[bytes] = []
        self._snapshots: list[int] = []
        self._posting = True

    async def run(self) -> None:
        world = self._world
        await world.found()
        self._oracle = Oracle(world.authorities.published, world.chain)
        tasks = [world.mine(), *(one.keep_running() for one in self._machines.values())]
        running = [asyncio.ensure_future(one) for one in tasks]
        for machine in self._machines.values():
            await machine.answering()
        for authors in world.authors.values():
            await authors.register()
        running += [asyncio.ensure_future(self._load()), asyncio.ensure_future(self._remember())]
        for kind in self._kinds:
            await self._case(kind)
            # What is broken only breaks more of what follows.
            if self._findings:
                break
        else:
            await self._settle()
        for task in running:
            task.cancel()
        done = await asyncio.gather(*running, return_exceptions=True)
        self._findings += [f"alive: {one!r}" for one in done if isinstance(one, Exception)]
        self._take_stock()

    @property
    def _now(self) -> float:
        return self._world.loop.time()

    @property
    def _regions(self) -> list[Region]:
        return list(self._world.regions.values())

    async def _load(self) -> None:
        while self._posting:
            self._world.authors[self._rng.choice(REGIONS)].any()
            await asyncio.sleep(self._rng.random() * 2)

    async def _remember(self) -> None:
        """Nothing that the chain held for a moment is unknown to the oracle."""
        while True:
            self._oracle.remember()
            await asyncio.sleep(0.25)

    async def _case(self, kind: str) -> None:
        self._snapshots.append(self._world.chain.snapshot())
        await asyncio.sleep(10 + self._rng.random() * 20)
        await self._collect()
        self._outcome.kinds[kind] += 1
        self._world.note("case", kind)
        if kind in (REPLACED, ADOPTED):
            await self._replace(kind, self._rng.choice(self._world.others))
        else:
            await self._take_back(kind)
        self._outcome.findings += self._oracle.findings
        self._oracle.findings.clear()

    async def _collect(self) -> None:
        """Carry some bundles away; nobody changes them."""
        for name, authors in self._world.authors.items():
            given = [one for one in authors.given if one.receipt["origin"].split("/")[1] == name]
            for one in self._rng.sample(given[-20:], min(_BUNDLES, len(given))):
                asked = self._rng.choice(self._regions)
                try:
                    answer = await ask(asked, "GET", f"/records/{one.post.id}/bundle")
                except ConnectionLostError:
                    continue
                if answer.status == 200:
                    self._files.append(answer.data)

    async def _judge(self, shown: EvmChain) -> None:
        """Ask for verdicts on some of the files from before, and on some that are made now."""
        await self._collect()
        recent, old = self._files[-4:], self._files[:-4]
        for file in [*recent, *self._rng.sample(old, min(3, len(old)))]:
            at = self._regions[0].clock.now()
            await self._oracle.ask(file, shown, at)

    async def _take_back(self, kind: str) -> None:
        """The same chain, and what was on it is gone or stands elsewhere."""
        world, chain = self._world, self._world.chain
        self._oracle.remember()
        known, before = self._rows(), {one.head for one in chain.events()}
        if kind == RESET:
            await self._reset(chain)
        else:
            self._reorganise(chain)
        height = chain.backend.height
        if self._rng.random() < 0.3:
            self._rng.choice(self._regions).kill()
        gone = [row for row in known if not _holds(chain.events(row[0]), row)]
        self._outcome.lost += len(gone)
        start = asked = self._now
        while (left := _missing(chain, gone)) and self._now < start + AGAIN_SECONDS:
            if self._now >= asked:
                await self._judge(chain)
                # Seldom after a while: nothing new is to be heard.
                asked += max(2.0, self._now - start)
            await asyncio.sleep(0.5)
        self._slowest("again", self._now - start)
        self._findings += [f"again: size {size} is not back on the chain" for _, size, _ in left]
        self._check_order(chain, height, before, gone)
        await self._until(self._unknowing, 30 + 2 * world.habits.confirmations)
        self._findings += [
            f"detected: {text} after {kind} {self._outcome.depths[-1:]}"
            for text in self._unknowing()
        ]
        await self._judge(chain)

    async def _reset(self, chain: EvmChain) -> None:
        """Back to an earlier moment, as an engine that was started again on its last dump."""
        links = [region.link for region in self._regions]
        for link in links:
            link.down = True
        await asyncio.sleep(self._rng.random() * 5)
        chain.reset(max(self._rng.choice(self._snapshots), chain.floor))
        self._snapshots = [one for one in self._snapshots if one <= chain.backend.height]
        for link in links:
            link.down = False

    def _reorganise(self, chain: EvmChain) -> None:
        dice, past = self._rng, self._outcome
        number = past.seed * self._kinds.count(REORG) + len(past.depths)
        depth = min(1 + number * _STRIDE % DEEPEST, chain.backend.height - chain.floor)
        past.depths.append(depth)
        # All come back, none, or each as chance wants; what follows a gap in the nonces cannot.
        chance = dice.choice((0.0, 1.0, 1.0, 0.7))
        returned = [dice.random() < chance for _ in range(4 * depth)]
        gaps = [dice.choice((0, 0, 1, 3)) for _ in returned]
        chain.reorganise(depth, returned, gaps, dice.choice((-depth, 0, 0, 1, 5)))
        self._snapshots = [one for one in self._snapshots if one <= chain.backend.height]

    def _rows(self) -> set[tuple[bytes, int, bytes]]:
        """Log, size and root of every anchor that some region keeps."""
        return {
            (row.origin.log_id, row.facts.head.size, row.facts.head.root)
            for region in self._regions
            for row in region.disk.tables.get("anchor", {}).values()
        }

    def _check_order(
        self, chain: EvmChain, height: int, before: set, gone: list[tuple[bytes, int, bytes]]
    ) -> None:
        """Nothing new was anchored before the last of the lost heads was back."""
        for log in {one[0] for one in gone}:
            after = [one for one in chain.events(log) if one.block_number > height]
            new = [at for at, one in enumerate(after) if one.head not in before]
            lost = {one[1] for one in gone if one[0] == log}
            if new and (late := [one for one in after[new[0] :] if one.head.size in lost]):
                self._findings.append(f"again: {late[0].head.size} came back after a new head")

    def _unknowing(self) -> list[str]:
        """Regions that do not know where an anchor stands, or that are alarmed."""
        places = {(one.log, one.head.size): one for one in self._world.chain.events()}
        found = []
        for region in self._regions:
            rows = region.disk.tables.get("anchor", {}).values()
            for row in rows:
                event = places.get((row.origin.log_id, row.facts.head.size))
                if event is not None and row.facts.block_hash != event.block_hash:
                    found.append(f"{region.name} has size {event.head.size} elsewhere")
            found += [f"{region.name} is alarmed: {one}" for one in [_alarm(region)] if one]
        return found

    async def _replace(self, kind: str, other: EvmChain) -> None:
        """Every region's RPC shows another chain."""
        world, pinned = self._world, self._world.chain
        await self._until(self._unknowing, 30)
        links = [region.link for region in self._regions]
        for link in links:
            link.chain = other
        start, poll = self._now, world.habits.anchor_seconds
        receipts, before = self._receipts(), len(other.seen)
        # What a step that had asked which chain it is was just about to send cannot be called back.
        await asyncio.sleep(_ON_ITS_WAY)
        crossed = len(other.seen) - before
        self._outcome.crossed += crossed
        await self._until(self._unalarmed, 2 * poll + 1)
        self._slowest("told", self._now - start)
        self._findings += [f"identity: {text}" for text in self._unalarmed()]
        for _ in range(self._rng.randint(2, 6)):
            await self._judge(other)
            await asyncio.sleep(self._rng.random() * 20)
        self._findings += [f"identity: {text}" for text in self._unalarmed()]
        if crossed > len(REGIONS) or len(other.seen) > before + crossed:
            self._findings.append(f"identity: another chain got {len(other.seen)} transactions")
        if self._receipts() == receipts:
            self._findings.append("identity: no record was taken meanwhile")
        if kind == ADOPTED:
            await self._adopt(other)
            return
        for link in links:
            link.chain = pinned
        await self._until(self._alarmed, ALARM_SECONDS + 5)
        self._findings += [f"identity: {text}" for text in self._alarmed()]

    async def _adopt(self, other: EvmChain) -> None:
        """People decide: the network file names the other chain, and every node is started again."""
        known = sorted(self._rows(), key=lambda one: one[1])
        pinned, world = self._world.chain, self._world
        for place in pinned.seen:
            one = place[1]
            other.dropped.setdefault((one.sender, one.nonce), []).append(one.hash)
        other.seen += pinned.seen
        world.others = [pinned if one is other else one for one in world.others]
        world.adopt(other)
        self._oracle.adopt(other, world.authorities.published)
        for region in self._regions:
            region.kill()
        start = self._now
        while (left := _missing(other, known)) and self._now < start + AGAIN_SECONDS:
            await asyncio.sleep(1)
        self._slowest("adopted", self._now - start)
        self._findings += [f"again: size {size} is not on the adopted chain" for _, size, _ in left]

    def _unalarmed(self) -> list[str]:
        told = {one.name: _alarm(one) for one in self._regions if one.answering is not None}
        return [
            f"{name} says {alarm} of another chain"
            for name, alarm in told.items()
            if alarm != "chain_identity"
        ]

    def _alarmed(self) -> list[str]:
        told = {one.name: _alarm(one) for one in self._regions}
        return [f"{name} still says {alarm}" for name, alarm in told.items() if alarm]

    async def _until(self, waits, seconds: float) -> None:
        end = self._now + seconds
        while waits() and self._now < end:
            await asyncio.sleep(0.25)

    def _receipts(self) -> int:
        return sum(len(authors.given) for authors in self._world.authors.values())

    def _slowest(self, what: str, seconds: float) -> None:
        self._outcome.seconds[what] = max(self._outcome.seconds.get(what, 0.0), round(seconds, 1))

    async def _settle(self) -> None:
        self._posting = False
        for authors in self._world.authors.values():
            authors.patience = 2.0
        final = self._world.habits.confirmations * self._world.block_seconds
        await self._until(
            lambda: not judge.is_quiet(self._world), _SETTLE_SECONDS + ALARM_SECONDS + 2 * final
        )
        self._findings += [f"settled: {text}" for text in judge.waiting(self._world)]
        self._findings += [f"detected: {text} at last" for text in self._unknowing()]
        # What is made now passes, offline and by the chain.
        self._files.clear()
        await self._collect()
        before = self._oracle.given["online passed"]
        await self._judge(self._world.chain)
        if self._oracle.given["online passed"] == before:
            self._findings.append("verdict: nothing passes though all is quiet")

    def _take_stock(self) -> None:
        outcome = self._outcome
        outcome.findings += self._oracle.findings + self._oracle.settled()
        outcome.findings += judge.findings(self._world)
        outcome.given, outcome.receipts = self._oracle.given, self._receipts()
        outcome.virtual_seconds = self._now


def run(seed: int, kinds: tuple[str, ...] = KINDS) -> Outcome:
    """So many cases in one world; what its chain calls final after how many blocks is the seed's."""
    outcome = Outcome(seed)
    with evm_world(seed, _CONFIRMATIONS[seed % len(_CONFIRMATIONS)]) as made:
        try:
            made.run(lambda _: Course(made, outcome, kinds).run())
        except EndlessError as error:
            outcome.findings.append(f"endless: {error}")
    return outcome


def _alarm(region: Region) -> str | None:
    process = region.answering
    return None if process is None else process.node.readiness()["anchoring"]["alarm"]


def _holds(events: list[Shown], row: tuple[bytes, int, bytes]) -> bool:
    return any((one.log, one.head.size, one.head.root) == row for one in events)


def _missing(
    chain: EvmChain, gone: list[tuple[bytes, int, bytes]]
) -> list[tuple[bytes, int, bytes]]:
    return [row for row in gone if not _holds(chain.events(row[0]), row)]
