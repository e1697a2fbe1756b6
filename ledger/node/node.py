"""The composition root: one region's services put together, started, kept in step, stopped."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from typing import Any

from fastapi import FastAPI

from ledger.anchoring import Anchorer, Outage, Replacing
from ledger.api.app import NodeServices, create_app
from ledger.chain.agreedchain import AgreedChain
from ledger.chain.web3chain import Web3Chain
from ledger.client import PeerClient, ReadTokens
from ledger.errors import FatalError, LedgerError, UnavailableError
from ledger.intake import ClockWatch, Intake
from ledger.mirroring import (
    AnchorBook,
    FetchedCopies,
    Follower,
    Keeper,
    Mirror,
    OwnLog,
    Refetcher,
    Witness,
)
from ledger.node.book import NetworkBook
from ledger.node.chains import kept_standing, open_chain
from ledger.node.copying import choose_copies, copies_state, sealing_batches
from ledger.node.fatal import end_on_fatal
from ledger.node.keys import NodeKeys
from ledger.node.limits import Limiter
from ledger.ports import Chain, Clock, Copies, HeadLock, Peer, Random, Signer, Store, Tasks
from ledger.sealing import Sealer
from ledger.settings import NodeSettings
from ledger.sharing import Feed, Holdings, Reader
from ledger.store import FileHeadLock, open_store
from ledger.values import Millis, Origin, TreeHead

_NETWORK_POLL = 1.0
# How long a start waits for another region to tell the time, and how often it looks (seconds).
_TOLD_WITHIN = 3.0
_LOOK = 0.05


@dataclass(frozen=True)
class World:
    """The ports a node stands on, apart from its chain and its peers."""

    clock: Clock
    random: Random
    tasks: Tasks
    store: Store
    head_lock: HeadLock


async def open_world(settings: NodeSettings, clock: Clock, random: Random, tasks: Tasks) -> World:
    """Open database and head lock.

    Raises:
        FatalError: head_lock_held where another node leads, store_held where one writes the file;
            store_failed, store_unsafe, schema_unknown.
    """
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    settings.lock_dir.mkdir(parents=True, exist_ok=True)
    async with AsyncExitStack() as opened:
        lock = FileHeadLock.open(settings.lock_dir)
        opened.callback(lock.close)
        store = await open_store(
            settings.data_dir,
            settings.database,
            settings.database_password_file,
            mark=random.bytes(8),
        )
        opened.push_async_callback(store.close)
        await lock.beside(await store.identity())
        opened.pop_all()
    return World(clock, random, tasks, store, lock)


class Node:
    """One region's node; ``start`` it once, serve ``app``, ``stop`` it at the end."""

    def __init__(
        self,
        settings: NodeSettings,
        keys: NodeKeys,
        world: World,
        *,
        chain: Chain | None = None,
        peers: Sequence[Peer] | None = None,
    ) -> None:
        self._settings = settings
        self._keys = keys
        self._world = world
        self._book = NetworkBook(settings.network_file, settings.region)
        network = self._book.network
        self._chain = chain or self._open_chain()
        self._account = asyncio.Lock()
        self._peers = list(peers) if peers is not None else self._connect()
        own = self._book.own_logs()
        # A node that starts after an epoch turn starts with the closed log and turns again.
        self._first = own[-2].origin if len(own) > 1 else own[-1].origin
        self._network_fault: str | None = None
        self._signers: dict[Origin, Signer] = {}
        for entry in own:
            self._take_key(entry.origin)
        self._feed = self._make_feed()
        self._copies = self._choose_copies()
        self._outage = self._make_outage()
        self._watch = ClockWatch(
            world.clock,
            patience=_TOLD_WITHIN if self._peers else 0.0,
            # With copies nothing is promised alone, so nothing is stamped alone either.
            alone=not (self._peers and settings.copies),
        )
        self.intake = self._make_intake()
        self._recovery = self._make_recovery()
        self.sealer = self._make_sealer()
        self.reader = self._make_reader()
        anchors = AnchorBook(world.store)
        self.witness = self._make_witness(anchors)
        self._follower = self._make_follower(anchors)
        self._mirror = self._make_mirror()
        self._own_logs = [self._make_own_log(peer) for peer in self._peers]
        self.keeper = self._make_keeper()
        self._anchorer = self._make_anchorer(self._first)
        self.app: FastAPI = create_app(self._services(network.name))
        end_on_fatal(self.app, world.tasks)

    @property
    def store(self) -> Store:
        """The region's database."""
        return self._world.store

    async def start(self) -> None:
        """Bring logs and head lock together, then start every worker."""
        # Rows that were altered say nothing; what they are kept from is told elsewhere.
        with suppress(UnavailableError):
            self._watch.remember(await self._newest_received())
        await self._bring_back_closed()
        await self.sealer.resume()
        await self._turn_if_closed()
        tasks = self._world.tasks
        tasks.spawn("sealing", self.sealer.run())
        tasks.spawn("leading", self.sealer.retry())
        tasks.spawn("anchoring", self._anchor())
        for entry in self._book.own_logs():
            if entry.closed is not None:
                tasks.spawn("restoring", self._restore(entry.origin, entry.closed))
        tasks.spawn("outage", self._outage.run())
        tasks.spawn("following", self._follower.run())
        tasks.spawn("mirroring", self._mirror.run())
        for own_log in self._own_logs:
            # Each mirror by itself: one that is silent must not keep us from hearing the time of another.
            tasks.spawn("own log", own_log.run())
        tasks.spawn("witnessing", self.witness.run())
        tasks.spawn("network file", self._watch_network())

    async def close(self) -> None:
        """Release database, lock and connections; the tasks have been stopped before."""
        for peer in self._peers:
            if isinstance(peer, PeerClient):
                await peer.close()
        if isinstance(self._chain, Web3Chain | AgreedChain):
            self._chain.close()
        await self._world.store.close()
        if isinstance(self._world.head_lock, FileHeadLock):
            self._world.head_lock.close()

    def readiness(self) -> dict[str, Any]:
        """State of log, anchoring, mirrors: what /readyz answers."""
        standing, anchoring = self.sealer.standing, self._anchorer.status
        mirror, copies = self._mirror.status, self._copies.status
        return {
            "ready": standing.leading
            and copies.code is None
            and self._outage.code is None
            and self._watch.fault is None,
            "region": self._settings.region,
            "clock": self._watch.fault,
            "network_file": self._network_fault,
            "log": {
                "origin": str(self.sealer.origin),
                "leading": standing.leading,
                "code": standing.code,
                "detail": standing.detail,
                "waiting": self.sealer.waiting,
            },
            "copies": copies_state(copies),
            "anchoring": {
                "anchored": anchoring.anchored,
                "signed": anchoring.signed,
                "backlog": anchoring.backlog,
                "waiting": round(self._outage.age, 1),
                "head_age": anchoring.head_age(self._world.clock.now()) / 1000,
                "code": self._outage.code,
                "alarm": anchoring.alarm.code if anchoring.alarm else None,
                "unavailable": anchoring.unavailable,
                "chain_nodes": self._chain.states if isinstance(self._chain, AgreedChain) else {},
            },
            "mirrors": {
                "sizes": mirror.sizes,
                "missing": mirror.missing,
                "silent": list(mirror.silent),
                "witness_lags": {
                    str(origin): {region: round(lag, 1) for region, lag in lags.items()}
                    for origin, lags in self._follower.witness_lags.items()
                },
            },
        }

    async def _bring_back_closed(self) -> None:
        """Logs closed before the one that this start begins with are only looked at here."""
        for entry in self._book.own_logs()[:-2]:
            locked = (await self._world.head_lock.read(entry.origin)).head
            await self._recovery.bring_back(entry.origin, locked)

    def _check_whole(self) -> None:
        # The sealer is made after the intake.
        self.sealer.check_leading()

    async def _newest_received(self) -> Millis:
        """When the newest record of the open log was received; 0 where there is none."""
        size = await self._world.store.size(self._first)
        leaf = await self._world.store.leaf(self._first, size - 1) if size else None
        return Millis(0) if leaf is None else leaf.received

    async def _time_told(self) -> None:
        """Wait at the start until another region has told the time, or none does."""
        while self._watch.waiting:
            await self._world.tasks.sleep(_LOOK)

    async def _anchor(self) -> None:
        current = self._anchorer
        # Asked before anything is anchored; a mirror that is silent keeps nothing up.
        for own_log in self._own_logs:
            await own_log.step()
        self._watch.asked = True
        await current.run(until=partial(self._was_replaced, current))

    async def _restore(self, origin: Origin, closing: TreeHead) -> None:
        """Anchor again what a chain lacks of a closed log; none but a new or rolled-back one lacks any."""
        anchorer = self._make_anchorer(origin, closing)
        await anchorer.run(until=lambda: anchorer.restored)

    def _was_replaced(self, anchorer: Anchorer) -> bool:
        return anchorer is not self._anchorer

    def _contradicted(self, origin: Origin, detail: str) -> None:
        """Sign nothing more in a log whose own signature stands under a head it does not contain."""
        if origin == self.sealer.origin and self.sealer.standing.leading:
            self.sealer.stop("log_contradicted", detail)

    async def _watch_network(self) -> None:
        while True:
            await self._world.tasks.sleep(_NETWORK_POLL)
            anchorer = self._anchorer
            self._read_network()
            # A full disk refuses for a while: the turn is tried again at the next look.
            with suppress(UnavailableError):
                await self._turn_if_closed()
            if self._was_replaced(anchorer):
                # At once: the worker of the closed log may just be in its longest pause.
                self._world.tasks.spawn("anchoring", self._anchor())

    def _read_network(self) -> None:
        """Take the network file as it is now; one that cannot be read leaves the last one in force."""
        try:
            self._book.refresh()
        except (LedgerError, OSError) as error:
            self._network_fault = getattr(error, "code", "network_unreadable")
        else:
            self._network_fault = None

    async def _turn_if_closed(self) -> None:
        """Go on in the newest epoch once the network file shows the open log closed."""
        own, older = self._book.own_logs(), list[tuple[Origin, int]]()
        for old, new in pairwise(own):
            if old.closed is None:
                return
            if old.origin != self.sealer.origin:
                older.append((old.origin, old.closed.size))
                continue
            signer = self._take_key(new.origin)
            if signer is None and new.closed is None:
                self.sealer.stop("log_key_missing", f"no key of {new.origin} in the keys folder")
                return
            await self.sealer.turn(old.closed, new.origin, signer, older)
            if self.sealer.origin != new.origin:
                return
            older.append((old.origin, old.closed.size))
            self._anchorer = self._make_anchorer(new.origin)

    def _take_key(self, origin: Origin) -> Signer | None:
        key = self._keys.log(origin)
        if key is None:
            return None
        expected = self._book.logs[origin].key
        if (key.name, key.public_key) != (expected.name, expected.public_key):
            raise FatalError(
                "log_key_wrong", f"the key of {origin} is not the one the network names"
            )
        self._signers[origin] = key
        return key

    def _connect(self) -> list[Peer]:
        return [
            PeerClient(
                region.name,
                region.url,
                ReadTokens.of_peer(
                    f"{self._book.network.name}/{region.name}",
                    self._keys.peer,
                    self._world.clock,
                    self._world.random,
                ),
            )
            for region in self._book.network.regions
            if region.name != self._settings.region
        ]

    def _open_chain(self) -> Chain:
        standing = kept_standing(self._settings, self._world.store, self._world.clock)
        return open_chain(self._settings, self._book.network.chain, self._keys.anchor, standing)

    def _make_feed(self) -> Feed:
        region, random = self._settings.region, self._world.random
        batches = sealing_batches(self._book, region, self._keys.peer, random)
        return Feed(Holdings(self._world.store), region, batches)

    def _choose_copies(self) -> Copies:
        return choose_copies(
            self._settings,
            self._book,
            self._peers,
            store=self._world.store,
            head_lock=self._world.head_lock,
            feed=self._feed.read,
            random=self._world.random,
            clock=self._world.clock,
            tasks=self._world.tasks,
        )

    def _make_intake(self) -> Intake:
        limits = Limiter(self._world.clock)
        network, settings = self._book.network, self._settings
        return Intake(
            network=network.name,
            region=settings.region,
            store=self._world.store,
            clock=self._world.clock,
            registrars=self._book.registrars,
            certificates=network.certificates,
            cas=network.cas,
            allow_address=limits.rule("address", settings.posts_per_minute_address),
            allow_key=limits.rule("key", settings.posts_per_minute_key),
            gate=self._outage.check,
            whole=self._check_whole,
            watch=self._watch,
            started=self._time_told,
        )

    def _make_sealer(self) -> Sealer:
        return Sealer(
            origin=self._first,
            store=self._world.store,
            head_lock=self._world.head_lock,
            signer=self._signers.get(self._first),
            clock=self._watch,
            tasks=self._world.tasks,
            copies=self._copies,
            recovery=self._recovery,
            on_sealed=self.intake.sealed,
        )

    def _make_recovery(self) -> Refetcher:
        network = self._book.network
        return Refetcher(
            store=self._world.store,
            chain=self._chain,
            peers=self._peers,
            logs=self._book.logs,
            cas=network.cas,
            certificates=network.certificates,
            peer_keys=self._book.peer_keys,
            clock=self._world.clock,
            tasks=self._world.tasks,
            held_first=self._settings.copies > 0,
            stored=self.intake.sealed,
        )

    def _make_reader(self) -> Reader:
        fetched = self._copies if isinstance(self._copies, FetchedCopies) else None
        return Reader(
            network=self._book.network.name,
            region=self._settings.region,
            store=self._world.store,
            clock=self._world.clock,
            logs=self._book.logs,
            certificates=self._book.network.certificates,
            peers=self._book.peer_keys,
            newest_signed=self._newest_signed,
            feed=self._feed,
            asked=fetched.asked if fetched else None,
        )

    def _make_witness(self, anchors: AnchorBook) -> Witness:
        return Witness(
            region=self._settings.region,
            store=self._world.store,
            book=anchors,
            signer=self._keys.witness,
            logs=self._book.logs,
            newest_signed=self._newest_signed,
            clock=self._world.clock,
            tasks=self._world.tasks,
            pace=self._settings.mirror_interval,
            dates=self._watch,
        )

    def _make_follower(self, anchors: AnchorBook) -> Follower:
        return Follower(
            store=self._world.store,
            chain=self._chain,
            book=anchors,
            peers=self._peers,
            logs=self._book.logs,
            signers=self._signers,
            head_lock=self._world.head_lock,
            identity=self._book.network.chain,
            clock=self._world.clock,
            tasks=self._world.tasks,
            pace=self._settings.anchor_interval,
        )

    def _make_mirror(self) -> Mirror:
        return Mirror(
            region=self._settings.region,
            store=self._world.store,
            peers=self._peers,
            logs=self._book.logs,
            cas=self._book.network.cas,
            certificates=self._book.network.certificates,
            peer_keys=self._book.peer_keys,
            clock=self._world.clock,
            tasks=self._world.tasks,
            pace=self._settings.mirror_interval,
        )

    def _make_keeper(self) -> Keeper:
        return Keeper(
            region=self._settings.region,
            store=self._world.store,
            policies=self._book.logs,
            logs=self._mirror.logs,
            head_lock=self._world.head_lock,
            clock=self._world.clock,
        )

    def _make_own_log(self, peer: Peer) -> OwnLog:
        return OwnLog(
            peers=[peer],
            origin=lambda: self.sealer.origin,
            compare=self.witness.compare,
            contradicted=self._contradicted,
            heard=self._watch.hear,
            clock=self._world.clock,
            tasks=self._world.tasks,
        )

    def _make_outage(self) -> Outage:
        return Outage(
            origin=lambda: self.sealer.origin,
            status=lambda: self._anchorer.status,
            store=self._world.store,
            clock=self._world.clock,
            tasks=self._world.tasks,
            most=self._settings.outage_limit,
            pace=self._settings.anchor_interval,
        )

    def _make_anchorer(self, origin: Origin, closing: TreeHead | None = None) -> Anchorer:
        return Anchorer(
            origin=origin,
            store=self._world.store,
            chain=self._chain,
            head_lock=self._world.head_lock,
            identity=self._book.network.chain,
            clock=self._world.clock,
            tasks=self._world.tasks,
            pace=self._settings.anchor_interval,
            replacing=self._replacing(),
            account=self._account,
            seen=self._watch.see,
            closing=closing,
        )

    def _replacing(self) -> Replacing | None:
        after, most = self._settings.replace_after, self._settings.replace_most
        return Replacing(after, most) if after else None

    def _newest_signed(self, origin: Origin) -> str | None:
        return self.sealer.newest_signed(origin)

    def _services(self, network: str) -> NodeServices:
        data: Callable[[], bytes] = lambda: self._book.data  # noqa: E731 - read anew at each call
        return NodeServices(
            network=network,
            region=self._settings.region,
            network_json=data,
            readiness=self.readiness,
            intake=self.intake,
            sealer=self.sealer,
            reader=self.reader,
            witness=self.witness,
            keeper=self.keeper,
            store=self._world.store,
            clock=self._world.clock,
            random=self._world.random,
            limits=self._settings,
        )
