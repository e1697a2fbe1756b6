"""ports.Store in memory: what a commit wrote, what is synced, and a disk that can refuse or fail."""

import asyncio
import random
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager

from ledger.errors import FatalError, UnavailableError
from ledger.failpoints import reach
from ledger.ports import AnchorRow, Append, Found, Identifier, LeafRow, OutboxRow, RecordKey
from ledger.store.writer import to_the_end
from ledger.values import Millis, Origin, Sealed, StatementId
from tests.simulation import rows
from tests.simulation.disk import Disk, Draft
from tests.simulation.process import Process


class ModelTransaction:
    """ports.Transaction on a draft."""

    def __init__(self, disk: Disk, draft: Draft, process: Process) -> None:
        self._disk = disk
        self._draft = draft
        self._process = process

    async def size(self, origin: Origin) -> int:
        return rows.size_of(self._draft, origin)

    async def last_received(self, origin: Origin) -> Millis:
        return rows.last_received(self._draft, origin)

    async def find_ids(self, region: str, ids: Sequence[StatementId]) -> dict[StatementId, Found]:
        return rows.find_ids(self._draft, region, ids)

    async def find_jtis(self, region: str, jtis) -> dict[tuple[str, str], StatementId]:
        return rows.find_jtis(self._draft, region, jtis)

    async def find_newest(
        self, region: str, records: Sequence[RecordKey]
    ) -> dict[RecordKey, Found]:
        return rows.find_newest(self._draft, region, records)

    async def append(self, step: Append) -> None:
        self._process.check()
        refuse(self._disk)
        rows.append(self._draft, step)

    async def put_sealed(self, origin: Origin, sealed: Mapping[StatementId, Sealed]) -> None:
        for statement, one in sealed.items():
            if self._draft.get("sealed", (origin, statement)) is None:
                self._draft.put("sealed", (origin, statement), one)


def refuse(disk: Disk) -> None:
    """A full disk refuses before the commit."""
    if disk.refusing:
        disk.refusing -= 1
        raise UnavailableError("store_unavailable", "the database refused: the disk is full")


class ModelReads:
    """The reading half: each read is consistent by itself."""

    def __init__(self, disk: Disk, process: Process, rng: random.Random) -> None:
        self._disk = disk
        self._process = process
        self._rng = rng

    async def _turn(self) -> Disk:
        """Reads take place on another thread in real life: sometimes others come first."""
        self._process.check()
        if self._rng.random() < 0.08:
            await asyncio.sleep(0)
            self._process.check()
        return self._disk

    async def origins(self) -> list[Origin]:
        return sorted((await self._turn()).tables.get("size", {}), key=str)

    async def size(self, origin: Origin) -> int:
        return rows.size_of(await self._turn(), origin)

    async def leaf(self, origin: Origin, index: int) -> LeafRow | None:
        return (await self._turn()).get(rows.leaf_table(origin), index)

    async def leaves(self, origin: Origin, start: int, count: int) -> list[LeafRow]:
        return rows.leaves(await self._turn(), origin, start, count)

    async def found(self, origin: Origin, start: int, count: int) -> list[Found]:
        disk = await self._turn()
        held = rows.leaves(disk, origin, start, count)
        return [Found(disk.get("statement", one.statement), one) for one in held]

    async def tile(self, origin: Origin, level: int, index: int) -> bytes | None:
        held = (await self._turn()).get("tile", (origin, level, index))
        return None if held is None else held.data

    async def tile_roots(self, origin: Origin, level: int, start: int, count: int) -> list[bytes]:
        disk = await self._turn()
        held = (disk.get("tile", (origin, level, index)) for index in range(start, start + count))
        return [one.root for one in held if one is not None]

    async def known(self, ids: Sequence[StatementId]) -> set[StatementId]:
        disk = await self._turn()
        return {one for one in ids if disk.get("statement", one) is not None}

    async def statement(self, statement: StatementId) -> list[Found]:
        disk = await self._turn()
        return [rows.found_at(disk, place) for place in rows.places(disk, statement)]

    async def versions(self, region: str, record: RecordKey) -> list[Found]:
        disk = await self._turn()
        newest = disk.get("newest", (region, record), 0)
        ids = [disk.get("record_version", (region, record, n)) for n in range(1, newest + 1)]
        at = [rows.newest_place(disk, region, one) for one in ids if one is not None]
        return [rows.found_at(disk, place) for place in at if place is not None]

    async def search(
        self, identifier: Identifier, after: tuple[str, int] | None, limit: int
    ) -> list[Found]:
        disk = await self._turn()
        return rows.page(disk, rows.carriers(disk, identifier), after, limit)

    async def by_author(
        self, author: str, after: tuple[str, int] | None, limit: int
    ) -> list[Found]:
        disk = await self._turn()
        return rows.page(disk, disk.get("author", author, ()), after, limit)

    async def sealed(
        self, origin: Origin, statements: Sequence[StatementId]
    ) -> dict[StatementId, Sealed]:
        disk = await self._turn()
        kept = {one: disk.get("sealed", (origin, one)) for one in statements}
        return {one: given for one, given in kept.items() if given is not None}

    async def anchors(self, origin: Origin, after_size: int, limit: int) -> list[AnchorRow]:
        disk = await self._turn()
        sizes = [one for one in disk.get("anchored", origin, ()) if one > after_size]
        return [disk.get("anchor", (origin, size)) for size in sizes[:limit]]

    async def anchor(self, origin: Origin, size: int) -> AnchorRow | None:
        return (await self._turn()).get("anchor", (origin, size))

    async def anchor_covering(self, origin: Origin, index: int, quorate: bool) -> AnchorRow | None:
        disk = await self._turn()
        for size in disk.get("anchored", origin, ()):
            row = disk.get("anchor", (origin, size))
            if size > index and (row.quorate or not quorate):
                return row
        return None

    async def newest_anchor(self, origin: Origin) -> AnchorRow | None:
        disk = await self._turn()
        sizes = disk.get("anchored", origin, ())
        return disk.get("anchor", (origin, sizes[-1])) if sizes else None

    async def outbox(self, sender: bytes) -> list[OutboxRow]:
        disk = await self._turn()
        held = (disk.get("outbox", place) for place in disk.get("outboxes", sender, ()))
        return sorted((row for row in held if not row.done), key=lambda row: row.nonce)

    async def get_meta(self, name: str) -> str | None:
        return (await self._turn()).get("meta", name)

    async def evidence(self, kind: str | None = None) -> list[tuple[str, str, str, Millis]]:
        held = (await self._turn()).tables.get("evidence", {})
        ordered = sorted(held.items(), key=lambda one: one[1][0])
        return [(k, s, b, at) for (k, s, b), (_, at) in ordered if kind in (None, k)]


class ModelStore(ModelReads):
    """A store on a disk; one transaction at a time, in order of arrival."""

    def __init__(
        self, disk: Disk, process: Process, rng: random.Random, fsync_seconds: float
    ) -> None:
        super().__init__(disk, process, rng)
        self._lock = asyncio.Lock()
        self._fsync_seconds = fsync_seconds
        self._make_safe()

    def _make_safe(self) -> None:
        """What a killed process wrote may be read now and lost later: opening a database makes it durable."""
        self._disk.sync()

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[ModelTransaction]:
        async with self._draft() as draft:
            yield ModelTransaction(self._disk, draft, self._process)

    @property
    def version(self) -> str:
        return "model"

    async def identity(self) -> str | None:
        return None

    async def put_anchor(self, row: AnchorRow) -> None:
        async def work(draft: Draft) -> None:
            size = row.facts.head.size
            sizes = draft.get("anchored", row.origin, ())
            draft.put("anchored", row.origin, tuple(sorted({*sizes, size})))
            lines = dict(sorted(row.cosignatures.items()))
            draft.put(
                "anchor",
                (row.origin, size),
                AnchorRow(row.origin, row.facts, row.checkpoint, lines, row.quorate),
            )

        await self._write(work)

    async def drop_anchors(self, origin: Origin, above_size: int) -> int:
        async def work(draft: Draft) -> int:
            sizes = draft.get("anchored", origin, ())
            gone = [one for one in sizes if one > above_size]
            for size in gone:
                draft.put("anchor", (origin, size), None)
            draft.put("anchored", origin, tuple(one for one in sizes if one <= above_size))
            return len(gone)

        return await self._write(work)

    async def put_outbox(self, row: OutboxRow) -> None:
        async def work(draft: Draft) -> None:
            place = (row.sender, row.nonce, row.hash)
            known = draft.get("outbox", place) is not None
            draft.put("outbox", place, row)
            if not known:
                mine = draft.get("outboxes", row.sender, ())
                draft.put("outboxes", row.sender, (*mine, place))

        await self._write(work)

    async def finish_outbox(self, sender: bytes, nonce: int) -> None:
        async def work(draft: Draft) -> None:
            for place in draft.get("outboxes", sender, ()):
                row = draft.get("outbox", place)
                if row.nonce == nonce:
                    done = OutboxRow(
                        row.origin, row.head, row.sender, row.nonce, row.raw, row.hash, True
                    )
                    draft.put("outbox", place, done)

        await self._write(work)

    async def put_meta(self, name: str, value: str) -> None:
        async def work(draft: Draft) -> None:
            draft.put("meta", name, value)

        await self._write(work)

    async def add_evidence(self, kind: str, subject: str, body: str, at: Millis) -> None:
        async def work(draft: Draft) -> None:
            rows.keep_evidence(draft, kind, subject, body, at)

        await self._write(work)

    async def close(self) -> None:
        async with self._lock:
            self._process.check()

    async def _write(self, work):
        async def whole():
            async with self._draft() as draft:
                refuse(self._disk)
                return await work(draft)

        return await to_the_end(whole())

    @asynccontextmanager
    async def _draft(self) -> AsyncIterator[Draft]:
        async with self._lock:
            self._process.check()
            draft = Draft(self._disk)
            yield draft
            await to_the_end(self._commit(draft))

    async def _commit(self, draft: Draft) -> None:
        self._process.check()
        reach("store.written")
        await asyncio.sleep(self._rng.random() * self._fsync_seconds)
        if self._disk.failing:
            # Whether an interrupted commit took place is anyone's guess.
            self._disk.failing -= 1
            if self._rng.random() < 0.5:
                self._disk.write(draft.writes)
            raise FatalError("store_failed", "commit failed: the disk reports an error")
        self._disk.write(draft.writes)
        self._process.check()
        await asyncio.sleep(self._rng.random() * self._fsync_seconds)
        self._disk.sync()
        reach("store.committed")
