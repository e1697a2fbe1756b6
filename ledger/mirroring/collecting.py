"""Completing anchored heads: the log's checkpoint and the cosignatures of its witnesses."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping

from ledger import tree
from ledger.errors import VerificationError
from ledger.merkle.checkpoint import Checkpoint, format_checkpoint, open_checkpoint, sign_checkpoint
from ledger.merkle.cosignature import check_cosignature
from ledger.merkle.note import parse_note
from ledger.mirroring.asking import Peers
from ledger.mirroring.backlog import Backlog
from ledger.mirroring.book import AnchorBook, LogWitness, other_witnesses
from ledger.mirroring.findings import Findings
from ledger.ports import AnchorRow, Clock, HeadLock, Peer, Signer, Store
from ledger.values import Origin
from ledger.verify.logpolicy import LogPolicy

_PAGE = 256


class Collector:
    """Collects for one log, in order of size.

    Witnesses cosign in order and skip nothing, so what the first open size still lacks no later one can
    have: one question per witness and round is enough while it is behind.
    """

    def __init__(
        self,
        *,
        log: LogPolicy,
        store: Store,
        book: AnchorBook,
        peers: Peers,
        head_lock: HeadLock,
        signers: Mapping[Origin, Signer],
        findings: Findings,
        clock: Clock,
    ) -> None:
        self._log = log
        self._store = store
        self._book = book
        self._peers = peers
        self._head_lock = head_lock
        self._signers = signers
        self._findings = findings
        # Sizes up to which nothing is missing; only a shortcut, found again by reading after a start.
        self._checkpointed = 0
        self._cosigned: dict[str, int] = {}
        self._uncosigned = Backlog(clock)

    async def step(self) -> bool:
        """Collect what can be had now; True if there may be more at once."""
        more = await self._checkpoints()
        for witness in other_witnesses(self._log):
            more = await self._cosignatures(witness) or more
        self._uncosigned.reach(await self._last())
        self._uncosigned.copied(min(map(self._to, other_witnesses(self._log)), default=0))
        return more

    @property
    def lags(self) -> dict[str, float]:
        """By witness region: for how many seconds it has lacked an anchored head; 0.0 where it lacks none."""
        return {
            witness.region: self._uncosigned.age(self._to(witness))
            for witness in other_witnesses(self._log)
        }

    def _to(self, witness: LogWitness) -> int:
        return self._cosigned.get(witness.name, 0)

    async def _last(self) -> int:
        newest = await self._book.newest(self._log.origin)
        return newest if self._log.closed is None else min(newest, self._log.closed.size)

    async def _rows(self, after: int) -> AsyncIterator[AnchorRow]:
        if after >= await self._book.newest(self._log.origin):
            return
        for row in await self._store.anchors(self._log.origin, after, _PAGE):
            if self._log.closed is None or row.facts.head.size <= self._log.closed.size:
                yield row

    async def _checkpoints(self) -> bool:
        count = 0
        async for row in self._rows(self._checkpointed):
            if row.checkpoint is None:
                note = await self._checkpoint(row)
                if note is None:
                    return False
                await self._book.add_checkpoint(self._log, row.facts.head.size, note)
            self._checkpointed = row.facts.head.size
            count += 1
        return count == _PAGE

    async def _checkpoint(self, row: AnchorRow) -> str | None:
        signer = self._signers.get(self._log.origin)
        if signer is not None:
            return await self._sign(row, signer)
        size = row.facts.head.size
        for peer in self._peers.from_home(self._log.origin.region):
            note = await self._peers.ask(peer, lambda p: p.checkpoint(self._log.origin, size))
            if note is not None and await self._fits(row, note):
                return note
        return None

    async def _sign(self, row: AnchorRow, signer: Signer) -> str | None:
        """The checkpoint of our own log at an anchored size, where no commit need have ended.

        A closed log needs no lock for it, which may be lost: up to its closing size two regions have decided.
        """
        origin, head = self._log.origin, row.facts.head
        if await self._store.size(origin) < head.size:
            return None
        if self._log.closed is None:
            locked = (await self._head_lock.read(origin)).head
            if locked is None or locked.size < head.size:
                return None
        if await tree.root(self._store, origin, head.size) != head.root:
            await self._findings.fork(row, "our own log has another root at this size", None)
            return None
        return sign_checkpoint(Checkpoint(str(origin), head), signer)

    async def _fits(self, row: AnchorRow, note: str) -> bool:
        try:
            checkpoint, _ = open_checkpoint(note, self._log.key)
        except VerificationError:
            # Not signed by the log: whoever gave it has nothing to say about this log.
            return False
        if checkpoint.head != row.facts.head:
            await self._findings.fork(row, "the log signed another head than it anchored", note)
            return False
        return True

    async def _cosignatures(self, witness: LogWitness) -> bool:
        peer = self._peers.of(witness.region)
        count = 0
        async for row in self._rows(self._to(witness)):
            if witness.name not in row.cosignatures:
                # Our own witness writes its lines itself.
                line = await self._cosignature(row, witness, peer) if peer is not None else None
                if line is None:
                    return False
                await self._book.add_cosignature(self._log, row.facts.head.size, witness.name, line)
            self._cosigned[witness.name] = row.facts.head.size
            count += 1
        return count == _PAGE

    async def _cosignature(self, row: AnchorRow, witness: LogWitness, peer: Peer) -> str | None:
        head = row.facts.head
        line = await self._peers.ask(peer, lambda p: p.cosignature(self._log.origin, head.size))
        if line is None:
            return None
        body = format_checkpoint(Checkpoint(str(self._log.origin), head))
        try:
            check_cosignature(parse_note(f"{body}\n{line.rstrip()}\n"), witness.key)
        except VerificationError as error:
            # Without the line itself: whoever sends garbage must not be able to fill our evidence.
            await self._findings.keep_json(
                "cosignature_invalid", witness.name, size=head.size, code=error.code
            )
            return None
        return line
