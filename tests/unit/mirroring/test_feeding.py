"""What another region fed, however odd, is held by every database and hides nothing that is sound."""

import asyncio

import pytest

from ledger.merkle.leaf import Leaf
from ledger.mirroring.feeding import read_fed, row_of
from ledger.ports import Append, Identifier
from ledger.statement.sdjwt import parse
from tests.unit.mirroring.regions import CARRIER, bill, origin_of, statement

ORIGIN = origin_of("hebei")
ODD = {
    "NUL": "A\0B",
    "line": "A\nB",
    "longer than an index takes": "A" * 5000,
    "longer than any number": "A" * 257,
    "turned writing": "A\u202eB",
}


def fed(compact: str):
    parsed = parse(compact)
    return read_fed(ORIGIN, 0, Leaf(parsed.id, 1000, -1), parsed.signed, parsed.disclosures)


@pytest.mark.parametrize("odd", ODD.values(), ids=ODD)
@pytest.mark.parametrize("field", ["key", "container"])
def test_odd_text_is_held_and_not_indexed(database, field, odd):
    changed = {"key": f"BL:{odd}"} if field == "key" else {"container": odd}
    one = fed(statement("hebei", CARRIER, "bill_of_lading", bill("B1") | changed))
    row = row_of(one, None)
    assert row.disclosures
    assert all(odd not in identifier.value for identifier in row.identifiers)
    assert row.record.key == (one.place.statement.hex() if field == "key" else "BL:B1")

    async def test():
        store = await database.open()
        try:
            async with store.transaction() as transaction:
                await transaction.append(Append(ORIGIN, 0, (row,), (one.place,), (), mirrored=True))
            [held] = await store.statement(row.id)
            assert held.statement == row
            assert await store.search(Identifier("", odd), None, 5) == []
            if field == "container":
                assert len(await store.search(Identifier("bill", "B1"), None, 5)) == 1
        finally:
            await store.close()

    asyncio.run(test())


def test_a_sound_record_is_indexed_whole():
    row = row_of(fed(statement("hebei", CARRIER, "bill_of_lading", bill("B1"))), None)
    assert row.record.key == "BL:B1"
    assert {("bill", "B1"), ("container", "DEMU0000016")} <= {
        (one.type, one.value) for one in row.identifiers
    }
