"""Generated groups on one log, and a model that knows what each waiting client has to be told.

A group mixes new records with repeats, the same record with other bytes, second versions, wrong ones, a
statement that only the database refuses, and clients that hang up before, during and after the commit.
"""

import asyncio
import random
import tempfile
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from ledger.errors import ConflictError
from ledger.ports import StatementRow
from ledger.sealing import ReceiptOut
from tests.unit.sealing.harness import Given, Node, check_receipt, node_on
from tests.unit.store.made_up import BEIJING, digest, statement

GROUPS = 8
LARGEST = 64
BEFORE, DURING, AFTER, STAYS = "before", "during", "after", "stays"


class DisturbedError(Exception):
    """Somebody was not told what they had to be told."""


def check(holds: bool, what: object) -> None:
    if not holds:
        raise DisturbedError(what)


@dataclass
class Model:
    """The version rules once more, in the plainest way: what is logged, in order."""

    logged: list[StatementRow] = field(default_factory=list)
    bad: set[bytes] = field(default_factory=set)

    def place(self, row: StatementRow) -> int | str:
        """The index that a statement gets or has, or the code of its refusal."""
        ids = [one.id for one in self.logged]
        if row.id in ids:
            return ids.index(row.id)
        code = self._refusal(row) or ("statement_conflict" if row.id in self.bad else None)
        if code is not None:
            return code
        self.logged.append(row)
        return len(ids)

    def _refusal(self, row: StatementRow) -> str | None:
        if any(one.jti == row.jti for one in self.logged):
            return "jti_used"
        versions = [one for one in self.logged if one.record == row.record]
        if row.prev is None:
            return "record_exists" if versions else None
        if row.prev not in [one.id for one in self.logged]:
            return "prev_mismatch" if versions else "prev_unknown"
        [prev] = [one for one in self.logged if one.id == row.prev]
        if prev.record != row.record:
            return "prev_mismatch"
        if row.version != prev.version + 1:
            return "version_skipped"
        return None if versions[-1].id == prev.id else "version_taken"


class Maker:
    """Statements that a group could hold, drawn from what was made before."""

    def __init__(self, dice: random.Random, model: Model) -> None:
        self._dice, self._model = dice, model
        self._made: list[StatementRow] = []

    def next(self) -> StatementRow:
        ways: list[tuple[int, Callable[[], StatementRow]]] = [
            (8, self._new), (2, self._again), (2, self._other_bytes), (3, self._second),
            (1, self._skipping), (1, self._of_nothing), (1, self._same_jti), (1, self._refused_late),
        ]  # fmt: skip
        way = self._dice.choices([one for _, one in ways], [often for often, _ in ways])[0]
        row = way() if self._made else self._new()
        self._made.append(row)
        return row

    def _name(self) -> str:
        return f"{self._dice.getrandbits(64):x}"

    def _any(self) -> StatementRow:
        # Mostly of this very group: there one sees the other before either is stored.
        recent = self._made[-12:]
        return self._dice.choice(recent if self._dice.random() < 0.7 else self._made)

    def _new(self) -> StatementRow:
        return statement(self._name())

    def _again(self) -> StatementRow:
        return self._any()

    def _other_bytes(self) -> StatementRow:
        return statement(self._name(), record=self._any().record)

    def _second(self) -> StatementRow:
        prev = self._any()
        return statement(self._name(), record=prev.record, version=prev.version + 1, prev=prev.id)

    def _skipping(self) -> StatementRow:
        prev = self._any()
        return statement(self._name(), record=prev.record, version=prev.version + 2, prev=prev.id)

    def _of_nothing(self) -> StatementRow:
        return statement(self._name(), version=2, prev=digest(self._name()))

    def _same_jti(self) -> StatementRow:
        return statement(self._name(), jti=self._any().jti)

    def _refused_late(self) -> StatementRow:
        row = self._new()
        self._model.bad.add(row.id)
        return row


async def play(node: Node, dice: random.Random) -> int:
    """Groups one after the other; how many statements were submitted.

    Raises DisturbedError.
    """
    model = Model()
    maker = Maker(dice, model)
    node.store.append_error = lambda step: (
        ConflictError("statement_conflict", "late")
        if any(row.id in model.bad for row in step.statements)
        else None
    )
    tried = 0
    for _ in range(GROUPS):
        group = [maker.next() for _ in range(dice.randint(1, LARGEST))]
        tried += len(group)
        await _one_group(node, model, dice, group)
        stored = await node.store.leaves(BEIJING, 0, len(model.logged) + 1)
        check(
            [one.statement for one in stored] == [one.id for one in model.logged],
            f"{len(stored)} leaves are stored, {len(model.logged)} expected",
        )
        check(not node.running.done(), "the log has stopped")
    return tried


async def _one_group(
    node: Node, model: Model, dice: random.Random, group: list[StatementRow]
) -> None:
    ends = [dice.choices((BEFORE, DURING, AFTER, STAYS), (1, 1, 1, 9))[0] for _ in group]
    expected = [
        None if end == BEFORE else model.place(row) for row, end in zip(group, ends, strict=True)
    ]
    node.store.committing.clear()
    node.store.hold.clear()
    tasks = [asyncio.create_task(node.sealer.submit(Given(row))) for row in group]

    def hang_up(when: str) -> None:
        for task, end in zip(tasks, ends, strict=True):
            if end == when:
                task.cancel()

    # All of them wait now, and nothing has been drained.
    await asyncio.sleep(0)
    hang_up(BEFORE)
    await _until_committing_or_done(node, tasks)
    hang_up(DURING)
    with _at_swap(node, lambda: hang_up(AFTER)):
        node.store.hold.set()
        outcomes = await asyncio.gather(*tasks, return_exceptions=True)
    await _quiet(node)
    for row, end, wanted, got in zip(group, ends, expected, outcomes, strict=True):
        _check_told(row, end, wanted, got)


async def _until_committing_or_done(node: Node, tasks: list[asyncio.Task]) -> None:
    """A group of repeats and refusals writes nothing, so it never comes to a commit."""
    committing = asyncio.create_task(node.store.committing.wait())
    finished = asyncio.create_task(asyncio.wait(tasks))
    await asyncio.wait({committing, finished}, return_when=asyncio.FIRST_COMPLETED)
    committing.cancel()
    finished.cancel()
    await asyncio.gather(committing, finished, return_exceptions=True)


@contextmanager
def _at_swap(node: Node, call: Callable[[], None]):
    """Call something once the commit is done and before anything is signed."""
    swap = node.lock.swap

    async def swapping(*arguments):
        call()
        # Who hung up is gone before the answers are given.
        await asyncio.sleep(0)
        await swap(*arguments)

    node.lock.swap = swapping
    yield
    del node.lock.swap


async def _quiet(node: Node) -> None:
    """Until what nobody waits for any more is sealed too."""
    async with node.sealer._one_step:
        check(node.sealer.waiting == 0, f"{node.sealer.waiting} wait")


def _check_told(row: StatementRow, end: str, wanted: int | str | None, got: object) -> None:
    if end != STAYS and isinstance(got, asyncio.CancelledError):
        return
    # Who hung up late may have been answered first, and then as everybody else.
    check(end != BEFORE, f"hung up, and was told {got!r}")
    if isinstance(wanted, str):
        check(getattr(got, "code", None) == wanted, f"{wanted} wanted, {got!r} told")
        return
    check(isinstance(got, ReceiptOut), f"{row.id.hex()[:8]} at {wanted}: {got!r}")
    check(got.index == wanted, f"place {wanted} wanted, {got.index} told")
    check_receipt(got, row)


def run(seed: int, folder: Path | None = None) -> tuple[int, str | None]:
    """How many statements were tried, and what broke or None."""

    async def whole(at: Path) -> int:
        async with node_on(at / "ledger.db") as node, asyncio.timeout(60):
            return await play(node, random.Random(seed))

    with tempfile.TemporaryDirectory(dir=folder) as made:
        try:
            return asyncio.run(whole(Path(made))), None
        except (DisturbedError, AssertionError, TimeoutError) as error:
            return 0, f"seed {seed}: {error!r}"
