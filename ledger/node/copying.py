"""Which copies a node waits for, and what it seals for its mirrors."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ledger.errors import InputError
from ledger.keys.known import refuse_known_keys
from ledger.mirroring import FetchedCopies, Holders
from ledger.mirroring.batches import FeedSource
from ledger.node.book import NetworkBook
from ledger.node.opening import World
from ledger.ports import Copies, Peer, Random, Signer
from ledger.sealing.copies import NoCopies
from ledger.settings import NodeSettings
from ledger.statement.hpke import KEY_SIZE
from ledger.statement.sealed import SealedBatch


def sealing_batches(
    book: NetworkBook, region: str, peer: Signer, random: Random
) -> Callable[[], SealedBatch | None]:
    """Makes batches to seal with, for the recovery key that the network file names at the time.

    Raises:
        InputError: key_publicly_known outside a demo.
        VerificationError: sealed_key, if the file names what is no key.
    """

    def batch() -> SealedBatch | None:
        recovery = book.network.region(region).recovery
        if recovery is None:
            return None
        return SealedBatch(recovery, random.bytes(KEY_SIZE), peer.sign)

    recovery = book.network.region(region).recovery
    if recovery is not None:
        refuse_known_keys(book.network.name, [recovery])
        batch()
    return batch


def choose_copies(
    settings: NodeSettings,
    book: NetworkBook,
    peers: Sequence[Peer],
    world: World,
    feed: FeedSource,
) -> Copies:
    """The copies that the settings ask for.

    Raises:
        InputError: copies_impossible where no other region has a node; recovery_key_missing where the
            network file names no key of this region, since its closed fields could not be sealed.
    """
    if settings.copies == 0:
        mirrors = [peer.region for peer in peers]
        return FetchedCopies(mirrors, world.clock, settings.copy_within) if mirrors else NoCopies()
    if not peers:
        raise InputError("copies_impossible", "no other region could hold a copy", "/copies")
    if book.network.region(settings.region).recovery is None:
        raise InputError(
            "recovery_key_missing",
            f"the network file names no recovery key of {settings.region}: needed for copies = 1",
            "/copies",
        )
    return Holders(
        store=world.store,
        head_lock=world.head_lock,
        peers=peers,
        feed=feed,
        random=world.random,
        clock=world.clock,
        tasks=world.tasks,
    )
