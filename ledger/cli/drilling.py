"""A drill: could this region be brought back from a backup, its mirrors and its recovery key?"""

from __future__ import annotations

import tempfile
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

from ledger.audit.records import leaf_faults
from ledger.cli.auditing import peers_of
from ledger.cli.backing import DATABASE, Manifest, checked
from ledger.errors import LedgerError, VerificationError
from ledger.keys.recovery import RecoveryKey
from ledger.merkle.frontier import Frontier
from ledger.merkle.hashing import leaf_hash
from ledger.merkle.leaf import parse_leaf
from ledger.node.book import NetworkBook
from ledger.node.keys import NodeKeys
from ledger.node.world import SystemClock
from ledger.ports import FedStatement, Peer, Store
from ledger.settings import NodeSettings
from ledger.statement.sdjwt import join, open_slots, parse
from ledger.statement.sealed import open_sealed
from ledger.store import open_reads
from ledger.store.backup import copy_sqlite
from ledger.values import Origin, StatementId, TreeHead

_PAGE = 256


@dataclass(slots=True)
class Drilled:
    """What was tried, and in ``lacks`` what a real recovery would miss."""

    leaves: int = 0
    opened: int = 0
    lacks: list[str] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        """The outcome for programs."""
        return {"leaves": self.leaves, "opened": self.opened, "lacks": self.lacks}


async def drill(settings: NodeSettings, backup: Path, recovery: Path, samples: int) -> Drilled:
    """Restore into a scratch folder, derive every tree, open samples that the mirrors keep sealed.

    Raises:
        InputError: backup_malformed, backup_altered, key_missing, key_malformed.
    """
    key = RecoveryKey.load(recovery)
    manifest = await checked(backup)
    told = Drilled()
    with tempfile.TemporaryDirectory(prefix="jjj-drill-") as made:
        scratch = Path(made)
        copy_sqlite(backup / DATABASE, scratch / DATABASE)
        async with AsyncExitStack() as opened:
            reads = await open_reads(scratch, "", None)
            opened.push_async_callback(reads.close)
            # Nothing of a drill writes; the port has both halves.
            store = cast("Store", reads)
            await _derive(store, manifest, told)
            book = NetworkBook(settings.network_file, settings.region)
            keys = NodeKeys.load(settings.keys_dir, book.network.name)
            for peer in peers_of(book, keys, settings.region, SystemClock()):
                opened.push_async_callback(peer.close)
                for log in book.own_logs():
                    await _open_samples(store, log.origin, peer, key.private, samples, told)
    return told


async def _derive(store: Store, manifest: Manifest, told: Drilled) -> None:
    for origin, head in manifest.heads.items():
        frontier, at = Frontier(), 0
        while found := await store.found(origin, at, _PAGE):
            for one in found:
                told.lacks += [
                    f"{origin} leaf {one.leaf.index}: {why}" for _, why in leaf_faults(one)
                ]
                frontier.append(one.leaf.hash)
            at += len(found)
        told.leaves += frontier.size
        if TreeHead(frontier.size, frontier.root()) != head:
            told.lacks.append(f"{origin}: its leaves make another tree than the manifest says")


async def _open_samples(
    store: Store, origin: Origin, peer: Peer, private: bytes, samples: int, told: Drilled
) -> None:
    """Open some of the newest leaves and some spread over the log, as one mirror keeps them."""
    size = await store.size(origin)
    step = max(size // max(samples, 1), 1)
    for index in range(size - 1, -1, -step):
        try:
            fed = await peer.feed(origin, index, 1)
        except LedgerError as error:
            told.lacks.append(f"{peer.region} does not answer: {error.code}")
            return
        if not fed:
            told.lacks.append(f"{peer.region} lacks leaf {index} of {origin}")
            continue
        leaf = await store.leaf(origin, index)
        try:
            if leaf is None or leaf_hash(fed[0].leaf) != leaf.hash:
                raise VerificationError("leaf_other", "it is another leaf than in the backup")
            told.opened += _open(origin, fed[0], private)
        except VerificationError as error:
            told.lacks.append(
                f"{peer.region}, leaf {index} of {origin}: {error.code}: {error.detail}"
            )


def _open(origin: Origin, fed: FedStatement, private: bytes) -> int:
    """1 if something sealed was opened, 0 if nothing was closed; raises VerificationError."""
    statement = parse(join(fed.signed, fed.disclosures))
    if not open_slots(statement).closed:
        return 0
    if fed.sealed is None:
        raise VerificationError("sealed_absent", "fields are closed, and nothing sealed is kept")
    named = StatementId(parse_leaf(fed.leaf).statement)
    more = open_sealed(fed.sealed, origin, named, private)
    whole = open_slots(parse(join(fed.signed, (*fed.disclosures, *more))))
    if whole.closed or whole.strays:
        raise VerificationError("sealed_malformed", "what was sealed is not what was signed")
    return 1
