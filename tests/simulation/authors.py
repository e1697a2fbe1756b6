"""Authors: post signed statements to a region, again and again until each is answered."""

import asyncio
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from ledger.api.records import receipt_json
from ledger.errors import ConflictError, LedgerError, UnavailableError
from ledger.values import Origin
from tests.simulation import statements
from tests.simulation.process import ConnectionLostError, Process
from tests.simulation.region import Region
from tests.simulation.statements import Post

# Of two statements that claim the same version one is refused; a version whose predecessor is not logged
# yet has to wait for it.
_RIVALS = {"record_exists", "version_taken", "prev_mismatch", "statement_conflict"}
_TOO_EARLY = {"prev_unknown", "version_skipped", "prev_mismatch"}
_LONGEST_WAIT = 20.0


@dataclass(frozen=True)
class Given:
    """A receipt as it was given."""

    number: int
    at: float
    post: Post
    receipt: dict


@dataclass
class Authors:
    """All who post in one region.

    Attributes:
        amending: whether some rivals claim to be version 2.
        given: every receipt ever given, repeats too.
        others: the other regions, which may have to hold what is promised here.
        refused: answers that no rule explains.
        broken: promises that were broken at the moment they were given.
        losers: ids of statements that lost against a rival.
        answers: how often each code was answered.
        open: statements that were posted and have no final answer yet.
    """

    region: Region
    rng: random.Random
    note: Callable[..., int]
    loop: asyncio.AbstractEventLoop
    amending: bool
    given: list[Given] = field(default_factory=list)
    others: list[Region] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)
    losers: set[str] = field(default_factory=set)
    answers: dict[str, int] = field(default_factory=dict)
    open: dict[str, Post] = field(default_factory=dict)
    drawn: int = 0
    patience: float = _LONGEST_WAIT
    _running: list[asyncio.Task] = field(default_factory=list)
    _interrupted: list[Process] = field(default_factory=list)
    _contested: set[str] = field(default_factory=set)

    async def register(self) -> None:
        """Have the firms registered; nothing else may be posted before."""
        for post in statements.registrations(self.region.name):
            await self._until_answered(post)

    def one(self) -> None:
        """Post one new record."""
        self._spawn(self._until_answered(self._next().versions[0]))

    def burst(self, count: int) -> None:
        """Post many new records at once."""
        for _ in range(count):
            self.one()

    def versions(self) -> None:
        """Post a record and its next versions, later ones also before earlier ones were answered."""
        for post in self._next().versions[: self.rng.randint(2, 3)]:
            self._spawn(self._until_answered(post))

    def rivals(self) -> None:
        """Post two statements of which one must lose."""
        record = self._next()
        contested = self.drawn % 2 if self.amending else 0
        for post in record.versions[:contested]:
            self._spawn(self._until_answered(post))
        pair = [record.versions[contested], record.rivals[contested]]
        self._contested.add(pair[0].record)
        self.rng.shuffle(pair)
        for post in pair:
            self._spawn(self._until_answered(post))

    def equals(self) -> None:
        """Post the same statement several times, its twin too."""
        post = self._next().versions[0]
        other = statements.twin(post) or post
        for one in [post, post, other][: self.rng.randint(2, 3)]:
            self._spawn(self._until_answered(one))

    def repeat(self) -> None:
        """Post something again that was acknowledged long ago."""
        if self.given:
            self._spawn(self._until_answered(self.rng.choice(self.given).post))

    def again(self, given: Sequence[Given]) -> None:
        """Post again what was acknowledged and is lost."""
        for post in {one.post.id: one.post for one in given}.values():
            self._spawn(self._until_answered(post))

    def hang_up(self) -> None:
        """Post, go away before the answer comes, and post again later; others wait beside."""
        self._spawn(self._hang_up(self._next().versions[0]))
        self.one()

    def any(self) -> None:
        """One of all these."""
        self.rng.choices(
            [self.one, self.versions, self.rivals, self.equals, self.repeat, self.hang_up],
            [6, 2, 1, 1, 1, 2],
        )[0]()

    @property
    def busy(self) -> int:
        """Statements that are not answered yet."""
        return len(self.open)

    def _next(self) -> statements.Record:
        self.drawn += 1
        return statements.record(self.region.name, self.drawn)

    def _spawn(self, work) -> None:
        self._running.append(self.loop.create_task(work))

    async def _hang_up(self, post: Post) -> None:
        self.open[post.id] = post
        try:
            async with asyncio.timeout(self.rng.random() * 0.02):
                await self._ask(post)
        except (TimeoutError, LedgerError, ConnectionLostError):
            pass
        await asyncio.sleep(self.rng.random() * 5)
        await self._until_answered(post)

    async def _until_answered(self, post: Post) -> None:
        self.open[post.id] = post
        pause = 0.1
        while not await self._settled(post):
            await asyncio.sleep(pause * (0.5 + self.rng.random()))
            pause = min(2 * pause, self.patience)
        self.open.pop(post.id, None)

    async def _settled(self, post: Post) -> bool:
        """Post once; whether the answer is final."""
        try:
            async with asyncio.timeout(30):
                await self._ask(post)
        except (ConnectionLostError, TimeoutError):
            return False
        except UnavailableError as error:
            self._count(error.code)
            return False
        except ConflictError as error:
            return self._lost(post, error)
        except LedgerError as error:
            self._count(error.code)
            self.refused.append(f"{post.record} version {post.version}: {error}")
        return True

    def disturbed(self) -> int:
        """How many were told that sealing was interrupted, by a process that went on."""
        return sum(process.alive for process in self._interrupted)

    async def _ask(self, post: Post) -> None:
        process = self.region.answering

        async def work(node):
            admitted = await node.intake.accept(post.compact)
            return receipt_json(await node.sealer.submit(admitted))

        try:
            receipt = await self.region.ask(work)
        except UnavailableError as error:
            if error.code == "seal_interrupted":
                self._interrupted.append(process)
            raise
        number = self.note(self.region.name, "receipt", receipt["origin"], receipt["index"])
        self._check_promised(receipt)
        self._count("receipt")
        self.given.append(Given(number, self.loop.time(), post, receipt))

    def _check_promised(self, receipt: dict) -> None:
        """What was signed must be safe here, and with copies in one of the mirrors' locks too.

        A mirror whose disk was lost may have held it when it was signed.
        """
        origin = Origin.parse(receipt["origin"])
        size = int(receipt["proof"].partition("\n\n")[2].split("\n")[1])
        if not self.region.promised(origin, size):
            self.broken.append(f"promised: {origin}: size {size} was signed before it was safe")
        mirrors = [one for one in self.others if one.has_lost(origin) or one.promised(origin, size)]
        if self.region.habits.copies > len(mirrors):
            self.broken.append(f"promised: {origin}: size {size} was signed with no mirror's word")

    def _lost(self, post: Post, error: ConflictError) -> bool:
        """Whether a conflict is the last word on a statement."""
        self._count(error.code)
        if post.version > 1 and error.code in _TOO_EARLY:
            return False
        if error.code in _RIVALS and post.record in self._contested:
            self.losers.add(post.id)
        else:
            self.refused.append(f"{post.record} version {post.version}: {error}")
        return True

    def _count(self, code: str) -> None:
        self.answers[code] = self.answers.get(code, 0) + 1


def all_given(many: Sequence[Authors]) -> list[Given]:
    return [given for authors in many for given in authors.given]
