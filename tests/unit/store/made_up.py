"""Rows made up for the store's tests: bytes that look like statements but were never signed."""

import hashlib

from ledger.ports import Append, Identifier, LeafRow, RecordKey, StatementRow
from ledger.store.database import DatabaseStore
from ledger.values import Millis, Origin, StatementId

BEIJING = Origin("demo-1a2b3c4d", "beijing", 1)


def digest(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()


def statement(name: str, *, region="beijing", version=1, prev=None, **changes) -> StatementRow:
    values = {
        "id": StatementId(digest(name)),
        "signed": f"h.{name}.s".encode(),
        "disclosures": (f"d-{name}", "e"),
        "region": region,
        "record": RecordKey("declaration", "urn:uscc:A", name),
        "author": "urn:uscc:A",
        "version": version,
        "prev": prev,
        "jti": f"jti-{name}",
        "event_time": Millis(5),
        "identifiers": (Identifier("bill", f"B-{name}"), Identifier("container", "SHARED", False)),
    }
    return StatementRow(**(values | changes))


def step(origin: Origin, start: int, rows, *, mirrored=False, tiles=(), received=1000) -> Append:
    leaves = tuple(
        LeafRow(origin, start + at, row.id, Millis(received + at), -1, digest(f"{origin}{row.id}"))
        for at, row in enumerate(rows)
    )
    return Append(origin, start, tuple(rows), leaves, tuple(tiles), mirrored)


async def put(store: DatabaseStore, *steps: Append) -> None:
    for one in steps:
        async with store.transaction() as transaction:
            await transaction.append(one)
