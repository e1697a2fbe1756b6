"""The composition root: one region's services put together, started, kept in step, stopped."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from typing import Any

from fastapi import FastAPI

from ledger.anchoring import Anchorer, Outage, Replacing
from ledger.api.app import NodeServices, create_app
from ledger.chain.agreedchain import AgreedChain
from ledger.chain.web3chain import Web3Chain
from ledger.client import PeerClient
from ledger.errors import UnavailableError
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
from ledger.node.copying import choose_copies, sealing_batches
from ledger.node.epochs import Epochs
from ledger.node.fatal import end_on_fatal
from ledger.node.keys import NodeKeys
from ledger.node.limits import Limiter
from ledger.node.opening import World
from ledger.node.peers import connect
from ledger.node.readiness import anchoring_state, mirrors_state, node_state
from ledger.ports import Chain, Copies, Peer, Store
from ledger.sealing import Sealer
from ledger.settings import NodeSettings
from ledger.sharing import Feed, Holdings, Reader
from ledger.values import Millis, Origin, TreeHead

_NETWORK_POLL = 1.0
# How long a start waits for another region to tell the time, and how often it looks (seconds).
_TOLD_WITHIN = 3.0
_LOOK = 0.05


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
        others = connect(network, settings.region, keys.peer, world) if peers is None else peers
        self._peers = list(others)
        self._epochs = Epochs(self._book, keys.log)
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
        self._anchorer = self._make_anchorer(self._epochs.first)
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
        await self._epochs.turn_if_closed(self.sealer, self._turned)
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
        await self._world.close()

    def readiness(self) -> dict[str, Any]:
        """State of log, anchoring, mirrors: what /readyz answers."""
        now = self._world.clock.now()
        return node_state(
            self._settings.region,
            watch=self._watch,
            network_fault=self._book.fault,
            sealer=self.sealer,
            copies=self._copies.status,
            anchoring=anchoring_state(self._anchorer.status, self._outage, self._chain, now),
            mirrors=mirrors_state(self._mirror.status, self._follower.witness_lags),
        )

    async def _bring_back_closed(self) -> None:
        """Logs closed before the one that this start begins with are only looked at here."""
        for entry in self._book.own_logs()[:-2]:
            locked = (await self._world.head_lock.read(entry.origin)).head
            # Nothing is signed in them any more: altered rows of theirs must not keep the open log.
            with suppress(UnavailableError):
                await self._recovery.bring_back(entry.origin, locked)

    def _check_whole(self) -> None:
        # The sealer is made after the intake.
        self.sealer.check_leading()

    async def _newest_received(self) -> Millis:
        """When the newest record of the open log was received; 0 where there is none."""
        size = await self._world.store.size(self._epochs.first)
        leaf = await self._world.store.leaf(self._epochs.first, size - 1) if size else None
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
            self._book.look()
            # A full disk refuses for a while: the turn is tried again at the next look.
            with suppress(UnavailableError):
                await self._epochs.turn_if_closed(self.sealer, self._turned)
            if self._was_replaced(anchorer):
                # At once: the worker of the closed log may just be in its longest pause.
                self._world.tasks.spawn("anchoring", self._anchor())

    def _turned(self, origin: Origin) -> None:
        self._anchorer = self._make_anchorer(origin)

    def _open_chain(self) -> Chain:
        standing = kept_standing(self._settings, self._world.store, self._world.clock)
        return open_chain(self._settings, self._book.network.chain, self._keys.anchor, standing)

    def _make_feed(self) -> Feed:
        region, random = self._settings.region, self._world.random
        batches = sealing_batches(self._book, region, self._keys.peer, random)
        return Feed(Holdings(self._world.store), region, batches)

    def _choose_copies(self) -> Copies:
        return choose_copies(self._settings, self._book, self._peers, self._world, self._feed.read)

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
            origin=self._epochs.first,
            store=self._world.store,
            head_lock=self._world.head_lock,
            signer=self._epochs.signers.get(self._epochs.first),
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
            newest_signed=self.sealer.newest_signed,
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
            newest_signed=self.sealer.newest_signed,
            whole=self.sealer.is_whole,
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
            signers=self._epochs.signers,
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
