"""The model store against SQLite: the same answers after the same writes, of many made-up histories."""

import asyncio
import random
from pathlib import Path

import pytest

from ledger.errors import ConflictError, FatalError
from ledger.ports import AnchorRow, Identifier, OutboxRow, RecordKey, TileRow
from ledger.store import SqliteStore
from ledger.values import AnchorFacts, Millis, Origin, Sealed, StatementId, TreeHead
from tests.simulation.disk import Disk
from tests.simulation.process import Process
from tests.simulation.store import ModelStore
from tests.unit.store.made_up import digest, statement, step

HISTORIES = 4
STEPS = 40
LOGS = [
    Origin("demo-1a2b3c4d", region, epoch) for region in ("beijing", "tianjin") for epoch in (1, 2)
]
SENDERS = (b"a" * 20, b"b" * 20)


class History:
    """Writes made up by a seed, some of which a store has to refuse."""

    def __init__(self, rng: random.Random) -> None:
        self.rng = rng
        self.sizes = dict.fromkeys(LOGS, 0)
        self.known = []

    def write(self):
        """A function that writes to a store and says what came of it."""
        kind = self.rng.choice([self._append] * 5 + [self._anchor, self._outbox, self._meta])
        return kind()

    def _row(self, region: str):
        rng = self.rng
        if self.known and rng.random() < 0.3:
            return rng.choice(self.known)
        name = f"s{rng.randrange(40)}"
        version = rng.randint(1, 3)
        return statement(
            f"{name}/{version}/{rng.randrange(3)}",
            region=region,
            version=version,
            record=RecordKey("declaration", "urn:uscc:A", name),
            jti=f"jti{rng.randrange(60)}",
            identifiers=(
                Identifier("bill", f"B{rng.randrange(5)}"),
                Identifier("container", "SHARED", False),
                Identifier("bill", f"B{rng.randrange(5)}"),
            ),
        )

    def _append(self):
        rng = self.rng
        origin = rng.choice(LOGS)
        mirrored = rng.random() < 0.6
        rows = list({row.id: row for row in (self._row(origin.region) for _ in range(3))}.values())
        start = self.sizes[origin] + (rng.random() < 0.05)
        tile = TileRow(origin, rng.randrange(2), start // 3, digest(f"t{start}"), b"x" * 8)
        made = step(origin, start, rows, mirrored=mirrored, tiles=[tile] * (start % 3 == 0))
        sealed = {row.id: Sealed(b"e" * 32, 1, b"c", b"s" * 64) for row in rows[:1]}

        async def work(store):
            async with store.transaction() as transaction:
                await transaction.append(made)
                await transaction.put_sealed(origin, sealed)
                found = await transaction.find_ids(origin.region, [row.id for row in rows])
                newest = await transaction.find_newest(origin.region, [row.record for row in rows])
                jtis = await transaction.find_jtis(
                    origin.region, [(row.author, row.jti) for row in rows]
                )
                last = await transaction.last_received(origin)
                return found, newest, jtis, last, await transaction.size(origin)

        def done() -> None:
            self.sizes[origin] = start + len(rows)
            self.known += rows

        return work, done

    def _anchor(self):
        rng, origin = self.rng, self.rng.choice(LOGS)
        size = rng.randint(1, 12)
        facts = AnchorFacts(
            origin.log_id, TreeHead(size, digest(f"{size}")), size, digest("b"), digest("t"), 0,
            Millis(5),
        )  # fmt: skip
        lines = {f"w{n}": "line" for n in range(rng.randrange(3))}
        row = AnchorRow(origin, facts, rng.choice([None, "note"]), lines, rng.random() < 0.5)
        above = rng.randint(0, 12)

        async def work(store):
            if above > 9:
                return await store.drop_anchors(origin, above)
            return await store.put_anchor(row)

        return work, lambda: None

    def _outbox(self):
        rng = self.rng
        nonce, raw = rng.randrange(4), rng.randbytes(1)
        head = TreeHead(1, digest("r"))
        row = OutboxRow(LOGS[0], head, rng.choice(SENDERS), nonce, raw, digest(raw.hex()))
        finish = rng.random() < 0.3

        async def work(store):
            if finish:
                return await store.finish_outbox(row.sender, nonce)
            return await store.put_outbox(row)

        return work, lambda: None

    def _meta(self):
        name, value = f"m{self.rng.randrange(3)}", str(self.rng.random())
        kind, at = f"k{self.rng.randrange(2)}", self.rng.randrange(3)

        async def work(store):
            await store.put_meta(name, value)
            return await store.add_evidence(kind, "subject", f"{at}", Millis(7))

        return work, lambda: None


async def answer_of(store, work):
    try:
        return await work(store)
    except (ConflictError, FatalError) as error:
        return error.code


async def everything(store, history: History) -> list:
    """What a store says of all that was written to it."""
    told = [await store.origins()]
    for origin in LOGS:
        told.append(await store.size(origin))
        told.append(await store.found(origin, 0, 99))
        told.append(await store.leaves(origin, 2, 3))
        told.append(await store.leaf(origin, 1))
        told += [await store.tile(origin, level, 0) for level in (0, 1)]
        told.append(await store.tile_roots(origin, 0, 0, 9))
        told.append(await store.anchors(origin, 2, 3))
        told.append(await store.anchors(origin, 0, 99))
        told.append(await store.newest_anchor(origin))
        told += [
            await store.anchor_covering(origin, index, quorate)
            for index in (0, 5, 20)
            for quorate in (True, False)
        ]
        told.append(await store.sealed(origin, [row.id for row in history.known]))
    ids = [row.id for row in history.known] + [StatementId(digest("unknown"))]
    told.append(await store.known(ids))
    for row in history.known:
        told.append(await store.statement(row.id))
        told.append(await store.versions(row.region, row.record))
    for value, kind in (("SHARED", ""), ("SHARED", "container"), ("B1", "bill"), ("B1", "x")):
        first = await store.search(Identifier(kind, value), None, 4)
        told.append(first)
        if first:
            last = first[-1].leaf
            after = (str(last.origin), last.index)
            told.append(await store.search(Identifier(kind, value), after, 99))
    told.append(await store.by_author("urn:uscc:A", None, 99))
    told += [await store.outbox(sender) for sender in SENDERS]
    told += [await store.get_meta(f"m{n}") for n in range(4)]
    told += [await store.evidence(kind) for kind in (None, "k1", "record_clash")]
    return told


@pytest.mark.parametrize("seed", range(HISTORIES))
def test_the_model_answers_as_sqlite_does(tmp_path: Path, seed: int) -> None:
    async def whole() -> None:
        sqlite = await SqliteStore.open(tmp_path / "ledger.db")
        rng = random.Random(f"store {seed}")
        model = ModelStore(Disk(), Process("beijing", 1, 0.0, False), rng, 0.0)
        history, refused = History(random.Random(f"history {seed}")), 0
        try:
            for _ in range(STEPS):
                work, done = history.write()
                expected = await answer_of(sqlite, work)
                assert await answer_of(model, work) == expected
                if isinstance(expected, str):
                    refused += 1
                else:
                    done()
            told, modelled = await everything(sqlite, history), await everything(model, history)
            assert modelled == told
            assert refused > 0
        finally:
            await sqlite.close()

    asyncio.run(whole())
