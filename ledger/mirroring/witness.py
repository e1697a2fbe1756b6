"""The witness: cosigns the anchored heads of the other regions' logs, each once, in order (DESIGN D6)."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress

from ledger import tree
from ledger.errors import UnavailableError, VerificationError
from ledger.failpoints import reach
from ledger.merkle.checkpoint import Checkpoint, format_checkpoint, open_checkpoint
from ledger.merkle.cosignature import check_cosignature, cosign
from ledger.merkle.note import COSIGNATURE_KEY, VerifierKey, parse_note
from ledger.mirroring.book import AnchorBook, other_witnesses
from ledger.mirroring.comparing import Comparer
from ledger.mirroring.damage import Apart
from ledger.mirroring.findings import Findings
from ledger.mirroring.kept import read_count, read_kept
from ledger.ports import AnchorRow, Clock, Signer, Store, Tasks
from ledger.values import Origin, witness_name
from ledger.verify.logpolicy import LogPolicy

_PAGE = 64


class Witness:
    """Cosigns what this node holds whole, and compares whatever checkpoint it is shown.

    A cosignature says: I hold every statement up to this size, and its root is the anchored one. It
    takes the anchors in the order in which this region's own chain node shows them final.

    Args:
        region: this node's region; its own logs are never cosigned.
        book: shared with the follower of the same process.
        signer: this region's cosigner key.
        logs: what is trusted of each log, by origin; may grow while the node runs.
        newest_signed: the newest checkpoint a log of this node has signed, or None.
        whole: whether a log of this node holds all that this node has signed of it (``OpenLog.is_whole``).
        dates: tells the time of a cosignature; refuses while it cannot be believed.
        pace: seconds between two looks.
    """

    def __init__(
        self,
        *,
        region: str,
        store: Store,
        book: AnchorBook,
        signer: Signer,
        logs: Mapping[Origin, LogPolicy],
        newest_signed: Callable[[Origin], str | None],
        whole: Callable[[Origin], Awaitable[bool]],
        clock: Clock,
        tasks: Tasks,
        pace: float = 0.5,
        dates: Clock | None = None,
    ) -> None:
        self._region = region
        self._store = store
        self._book = book
        self._signer = signer
        self._key = VerifierKey(signer.name, COSIGNATURE_KEY, signer.public_key)
        self._logs = logs
        self._dates = dates or clock
        self._tasks = tasks
        self._pace = pace
        self._findings = Findings(store, clock)
        self._apart = Apart(self._findings)
        self._states: dict[Origin, tuple[int, int]] = {}
        self._comparer = Comparer(region, store, logs, newest_signed, whole, self._findings)

    async def run(self) -> None:
        """Step for ever."""
        while True:
            # A full disk refuses for a while and must not end the node, which can still be read.
            given = 0
            with suppress(UnavailableError):
                given = await self.step()
            await self._tasks.sleep(0.0 if given else self._pace)

    async def step(self) -> int:
        """Cosign what can be; how many cosignatures were given."""
        given = 0
        for log in list(self._logs.values()):
            async with self._apart.work(log.origin):
                if self._witnesses(log):
                    given += await self._cosign_log(log)
                await self._comparer.resume(log.origin)
        self._apart.end_round()
        return given

    async def compare(self, note: str) -> None:
        """Compare a signed checkpoint of any log with the tree held here.

        Raises:
            VerificationError: it is not a checkpoint signed by the log's key.
            InputError: log_unknown.
            ConflictError: checkpoint_contradiction; both notes were kept as evidence.
        """
        await self._comparer.compare(note)

    def _witnesses(self, log: LogPolicy) -> bool:
        own = witness_name(log.origin.network, self._region)
        return any(witness.name == own == self._signer.name for witness in other_witnesses(log))

    async def _cosign_log(self, log: LogPolicy) -> int:
        done, time = await self._state(log.origin)
        if done >= await self._book.newest(log.origin):
            return 0
        given, reached = 0, done
        for row in await self._store.anchors(log.origin, done, _PAGE):
            head = row.facts.head
            line = row.cosignatures.get(self._signer.name)
            if line is None:
                if not await self._holds(log, row):
                    # Never skipped: a later head would hide that this one could not be vouched for.
                    break
                try:
                    time = max(time, self._dates.now() // 1000)
                except UnavailableError:
                    # The line dates its records for ever, and every later one is dated no earlier.
                    break
                line = self._cosign(log.origin, row, time)
                reach("witness.signed")
                # Kept before anyone can be answered with it: asked again, it is the same line.
                await self._book.add_cosignature(log, head.size, self._signer.name, line)
                reach("witness.stored")
                given += 1
            else:
                # Given before a crash that came before the place below was kept.
                time = max(time, self._time_of(log.origin, row, line))
            reached = head.size
        if reached != done:
            await self._store.put_meta(
                _place(log.origin), json.dumps({"size": reached, "time": time})
            )
            self._states[log.origin] = (reached, time)
        return given

    async def _holds(self, log: LogPolicy, row: AnchorRow) -> bool:
        head = row.facts.head
        if log.closed is not None and head.size > log.closed.size:
            return False
        if await self._store.size(log.origin) < head.size:
            return False
        root = await tree.root(self._store, log.origin, head.size)
        if root != head.root:
            # Also while nobody hands over the checkpoint: a home that shows two histories keeps it back.
            await self._findings.fork(row, f"the leaves fed to us have root {root.hex()}", None)
            return False
        if row.checkpoint is None:
            return False
        try:
            checkpoint, _ = open_checkpoint(row.checkpoint, log.key)
        except VerificationError:
            return False
        return checkpoint.head == head

    def _cosign(self, origin: Origin, row: AnchorRow, time: int) -> str:
        body = format_checkpoint(Checkpoint(str(origin), row.facts.head))
        signer = self._signer
        return cosign(body, signer.name, signer.public_key, signer.sign, time)

    def _time_of(self, origin: Origin, row: AnchorRow, line: str) -> int:
        body = format_checkpoint(Checkpoint(str(origin), row.facts.head))
        try:
            return check_cosignature(parse_note(f"{body}\n{line.rstrip()}\n"), self._key)
        except VerificationError:
            # Altered in the database: it dates nothing, and is not given a second time either.
            return 0

    async def _state(self, origin: Origin) -> tuple[int, int]:
        """Size and time (seconds) of the last cosignature whose place was kept.

        Remembered after the first look: nobody else writes it.
        """
        known = self._states.get(origin)
        if known is None:
            known = self._states[origin] = _read(await self._store.get_meta(_place(origin)))
        return known


def _read(text: str | None) -> tuple[int, int]:
    """Size and time as kept; from the beginning where they were altered: no line is given twice."""
    value = read_kept(text)
    if not isinstance(value, dict):
        return 0, 0
    return read_count(value.get("size")), read_count(value.get("time"))


def _place(origin: Origin) -> str:
    return f"cosigned/{origin}"
