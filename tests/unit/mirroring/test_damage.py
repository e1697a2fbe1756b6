"""Rows altered in the database: the worker that meets them goes on, and so do the other logs."""

import sqlite3

import pytest

from ledger.errors import UnavailableError
from tests.unit.mirroring.regions import CARRIER, bill, origin_of, registration, statement

TIANJIN = "origin LIKE '%/tianjin/1'"
ALTERED = {
    "an anchored root": f"UPDATE anchor SET root = x'00' WHERE {TIANJIN}",
    "an anchored size": f"UPDATE anchor SET size = 'many' WHERE {TIANJIN}",
    "a checkpoint": f"UPDATE anchor SET checkpoint = 'no note' WHERE {TIANJIN}",
    "a block hash": f"UPDATE anchor SET block_hash = 5 WHERE {TIANJIN}",
    "a cosignature": f"UPDATE cosignature SET line = 'no line' WHERE {TIANJIN}",
    "the place of a leaf": f'UPDATE leaf SET "index" = 77 WHERE {TIANJIN} AND "index" = 1',
    "the hash of a leaf": f"UPDATE leaf SET hash = 'text' WHERE {TIANJIN}",
    "the log of all leaves": f"DELETE FROM leaf WHERE {TIANJIN}",
    "what was cosigned": "UPDATE meta SET value = '[' WHERE name LIKE 'cosigned/%'",
    "what was cosigned, in shape": "UPDATE meta SET value = '{\"size\": null}'"
    " WHERE name LIKE 'cosigned/%'",
    "what the chain was read to": "UPDATE meta SET value = '{}' WHERE name = 'anchor-cursor'",
    "a number in it": 'UPDATE meta SET value = \'{"chain": 1, "number": "x", "top": [1], "logs": 5,'
    ' "newest": [1], "stood": 1}\' WHERE name = \'anchor-cursor\'',
}


async def bills(region, *names) -> None:
    await region.post(
        *(statement(region.name, CARRIER, "bill_of_lading", bill(name)) for name in names)
    )


@pytest.mark.parametrize("name", ALTERED)
def test_beijing_goes_on_with_hebei_whatever_its_rows_of_tianjin_say(three, tmp_path, name):
    async def test(three):
        for region in three.regions:
            await region.post(registration(region.name, CARRIER, ["bill_of_lading"]))
            await bills(region, f"{region.name}-1", f"{region.name}-2")
        await three.settle(8, seconds=40)
        with sqlite3.connect(tmp_path / "beijing.db") as sql:
            assert sql.execute(ALTERED[name]).rowcount > 0
        sql.close()
        # The next start finds the rows as they are now; nothing is left in memory.
        three.beijing.start()
        await bills(three.tianjin, "tianjin-3")
        await bills(three.hebei, "hebei-3")
        await three.settle(8, seconds=40)
        rows = await three.hebei.anchors(origin_of("hebei"))
        assert rows[-1].facts.head.size == 4
        assert all(row.quorate for row in rows)
        held = await three.beijing.anchors(origin_of("hebei"))
        assert [row.facts.head.size for row in held] == [row.facts.head.size for row in rows]

    three(test)


def test_altered_rows_are_told_once(three, tmp_path):
    async def test(three):
        await bills(three.tianjin, "one", "two")
        await three.settle(4)
        with sqlite3.connect(tmp_path / "beijing.db") as sql:
            sql.execute(f"UPDATE anchor SET root = x'00' WHERE {TIANJIN}")
        sql.close()
        three.beijing.start()
        await bills(three.tianjin, "three")
        await three.settle(4)
        told = await three.beijing.store.evidence("rows_altered")
        assert {subject for _, subject, _, _ in told} == {str(origin_of("tianjin"))}
        assert len({body for _, _, body, _ in told}) == len(told) <= 2

    three(test)


def test_a_database_that_cannot_be_written_now_loses_no_event(three):
    """Unlike altered rows it passes: the event must still be there when it has."""

    async def test(three):
        beijing = three.beijing
        await three.settle(2)
        await bills(three.hebei, "one")
        await three.hebei.anchorer.step()
        put = beijing.store.put_anchor

        async def busy(_row):
            raise UnavailableError("store_unavailable", "busy")

        beijing.store.put_anchor = busy
        await beijing.follower.step()
        assert beijing.follower.status.unavailable == "store_unavailable"
        beijing.store.put_anchor = put
        three.clock.turn(3600)
        await beijing.follower.step()
        assert await beijing.anchors(origin_of("hebei"))

    three(test)
