"""Opening what came back from the mirrors sealed, with the region's offline recovery key."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from ledger.chain.network import read_network
from ledger.errors import ConflictError, VerificationError
from ledger.keys.recovery import RecoveryKey
from ledger.mirroring.feeding import Fed, row_of
from ledger.node.opening import resting_world
from ledger.ports import Found, StatementRow
from ledger.settings import NodeSettings
from ledger.statement.sdjwt import join, open_slots, parse
from ledger.statement.sealed import open_sealed
from ledger.store.database import DatabaseStore
from ledger.values import Origin, Sealed

_PAGE = 256


@dataclass(slots=True)
class Opened:
    """``opened`` counts records made whole; ``failed`` tells why one (hex id) could not be.

    ``absent`` are records with closed fields of which nothing sealed is held.
    """

    opened: int = 0
    absent: list[str] = field(default_factory=list)
    failed: dict[str, str] = field(default_factory=dict)


async def open_all(settings: NodeSettings, recovery: Path) -> Opened:
    """Open what the node's own logs hold sealed. The node itself must not run.

    After the recovery key was replaced it takes a run with each of the two.

    Raises:
        InputError: key_missing, key_malformed.
        FatalError: head_lock_held, store_held.
    """
    key = RecoveryKey.load(recovery)
    network = read_network(settings.network_file)
    told = Opened()
    async with resting_world(settings) as world:
        if not isinstance(world.store, DatabaseStore):
            raise TypeError("a node's store is a database")
        for log in network.logs_of(settings.region):
            await open_log(world.store, log.origin, key.private, told)
    return told


async def open_log(store: DatabaseStore, origin: Origin, private: bytes, told: Opened) -> None:
    """Open what one log holds sealed, and store it; a record that fails leaves the others be."""
    at = 0
    while found := await store.found(origin, at, _PAGE):
        at += len(found)
        kept = await store.sealed(origin, [one.statement.id for one in found])
        rows = []
        for one in found:
            try:
                row = _whole(one, kept.get(one.statement.id), private, told)
            except VerificationError as error:
                told.failed[one.statement.id.hex()] = f"{error.code}: {error.detail}"
                continue
            if row is not None:
                rows.append(row)
        for row in rows:
            try:
                await store.complete([row])
            except ConflictError as error:
                told.failed[row.id.hex()] = f"{error.code}: {error.detail}"
            else:
                told.opened += 1


def _whole(
    found: Found, sealed: Sealed | None, private: bytes, told: Opened
) -> StatementRow | None:
    """The row with every slot open; None where it is whole already, or nothing sealed is held."""
    row, origin = found.statement, found.leaf.origin
    if not open_slots(parse(join(row.signed, row.disclosures))).closed:
        return None
    if sealed is None:
        told.absent.append(row.id.hex())
        return None
    more = open_sealed(sealed, origin, row.id, private)
    statement = parse(join(row.signed, (*row.disclosures, *more)))
    opened = open_slots(statement)
    # That they are the author's is shown by the statement's own digests and by nothing else.
    if opened.closed or opened.strays:
        raise VerificationError("sealed_malformed", "what was sealed is not what the author signed")
    return row_of(Fed(found.leaf, row.signed, statement, opened), row.record.issuer)
