"""Bringing back what this node's database has lost of its own logs, from the mirrors (DESIGN D3, D6).

All that is offered is read once to compute the tree, held against every head that left the house, and only
then read again and stored: a database never holds leaves whose place was not proven before.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from ledger import tree
from ledger.errors import InputError, LedgerError, UnavailableError, VerificationError
from ledger.merkle.leaf import parse_leaf
from ledger.merkle.note import VerifierKey
from ledger.mirroring.feeding import Fed, names, read_fed
from ledger.mirroring.findings import Findings
from ledger.mirroring.marks import CHAIN, Marks, gather_marks
from ledger.mirroring.mirrored import MirroredLog, MirroredLogs
from ledger.ports import (
    Chain,
    Clock,
    FedStatement,
    Lack,
    Peer,
    StatementRow,
    Store,
    Tasks,
    forgotten_name,
)
from ledger.values import Origin, StatementId, TreeHead
from ledger.verify.logpolicy import LogPolicy

_BATCH = 128
_ANSWER_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class _Offer:
    """A mirror's copy of the log beyond ours, proven: leaf hashes from our own size on.

    ``proven`` is the largest size at which a head that our log signed, locked or anchored stands.
    """

    peer: Peer
    start: int
    hashes: tuple[bytes, ...]
    proven: int

    @property
    def end(self) -> int:
        return self.start + len(self.hashes)


class Refetcher:
    """ports.Recovery with the mirrors as sources.

    Args:
        logs: what is trusted of each log, by origin; may grow while the node runs.
        cas: trusted CA certificates, DER.
        certificates: registrars' certificates and intermediates, DER.
        peer_keys: the regions' peer keys by key name; ours signs what is sealed.
        held_first: each head is held by a mirror before it is promised (setting ``copies`` above 0), so a
            mirror's own lock remembers promises, too.
        stored: told which statements came back.
    """

    def __init__(
        self,
        *,
        store: Store,
        chain: Chain,
        peers: Sequence[Peer],
        logs: Mapping[Origin, LogPolicy],
        cas: Sequence[bytes],
        certificates: Sequence[bytes],
        peer_keys: Mapping[str, VerifierKey],
        clock: Clock,
        tasks: Tasks,
        held_first: bool,
        stored: Callable[[Sequence[StatementRow]], None] = lambda _: None,
    ) -> None:
        self._store = store
        self._chain = chain
        self._peers = peers
        self._logs = logs
        self._cas = cas
        self._certificates = certificates
        self._peer_keys = peer_keys
        self._tasks = tasks
        self._held_first = held_first
        self._stored = stored
        self._findings = Findings(store, clock)

    async def bring_back(self, origin: Origin, locked: TreeHead | None) -> Lack:
        """As ports.Recovery; evidence of kind ``leaves_lost`` names what nobody holds any more."""
        policy = self._logs[origin]
        marks = await gather_marks(
            policy, locked, self._peers, self._chain, self._tasks, held_first=self._held_first
        )
        size = await self._store.size(origin)
        silent = list(marks.silent)
        try:
            while (disputed := await self._take_all(policy, marks, size, silent)) is not None:
                marks = disputed
        except InputError as error:
            # A hole in our own tree: nothing that a mirror offers beyond it can be proven.
            raise UnavailableError("row_unreadable", f"{error.code}: {error.detail}") from error
        held = await self._store.size(origin)
        lack = Lack(
            held,
            marks.promised,
            tuple(sorted(set(silent))),
            await self._is_forgotten(origin),
            unknown=not self._held_first and locked is None and CHAIN in silent,
        )
        if lack.lost:
            await self._findings.keep_json(
                "leaves_lost", str(origin), first=held, last=marks.promised - 1
            )
        return lack

    async def _take_all(
        self, policy: LogPolicy, marks: Marks, size: int, silent: list[str]
    ) -> Marks | None:
        """Take what each mirror holds beyond our size; what to go by instead once one was refused."""
        for peer in marks.sources(size):
            try:
                await self._take(policy, peer, marks)
            except _SilentError:
                silent.append(peer.region)
            except VerificationError as error:
                await self._findings.keep_json(
                    "refetch_refused",
                    str(policy.origin),
                    mirror=peer.region,
                    code=error.code,
                    detail=error.detail,
                )
                # Of mirrors that contradict each other nobody knows which one errs: they are believed as
                # far as a head of ours proves them. One that such a head refutes is not asked any more.
                return marks.strong_only() if error.code == "root_disputed" else marks.without(peer)
        return None

    async def _take(self, policy: LogPolicy, peer: Peer, marks: Marks) -> None:
        """Store what one mirror holds beyond ours; raises _SilentError, VerificationError."""
        # Made anew each time: an edge remembered from before would miss what was logged since.
        logs = MirroredLogs(
            self._store, self._cas, self._certificates, self._peer_keys, self._findings
        )
        mine = logs.of(policy)
        offer = await self._prove(policy.origin, mine, peer, marks)
        if offer is not None:
            await self._store_offer(policy.origin, mine, offer, marks.locked)

    async def _prove(
        self, origin: Origin, mine: MirroredLog, peer: Peer, marks: Marks
    ) -> _Offer | None:
        """Compute the tree of what a mirror offers; raises VerificationError where a head is not in it."""
        edge = (await mine.edge()).copy()
        start, end = edge.size, marks.stored(peer)
        if end <= start:
            return None
        wanted = marks.sizes
        for size in sorted(size for size in wanted if size <= start):
            marks.check(TreeHead(size, await tree.root(self._store, origin, size)))
        hashes: list[bytes] = []
        while edge.size < end:
            for fed in await self._read(origin, peer, edge.size, end):
                edge.append(fed.place.hash)
                hashes.append(fed.place.hash)
                if edge.size in wanted:
                    marks.check(TreeHead(edge.size, edge.root()))
        return _Offer(peer, start, tuple(hashes), marks.proven(end))

    async def _store_offer(
        self, origin: Origin, mine: MirroredLog, offer: _Offer, locked: TreeHead | None
    ) -> None:
        if not self._held_first and (locked is None or locked.size <= offer.start):
            # Before any leaf: after a crash the next start must still know that the lock has forgotten.
            await self._store.put_meta(forgotten_name(origin), "1")
        at = offer.start
        while at < offer.end:
            # What no head of ours covers is taken at the mirror's word, so each record of it must be its
            # author's own and keep the rules.
            strict = at >= offer.proven
            until = offer.end if strict else offer.proven
            batch = await self._read(origin, offer.peer, at, until)
            for fed in batch:
                if fed.place.hash != offer.hashes[fed.place.index - offer.start]:
                    raise VerificationError(
                        "bad_answer", f"another leaf {fed.place.index} than a moment ago"
                    )
            kept = [await mine.without_false(fed) for fed in batch]
            step = mine.grow(await mine.edge(), kept)
            self._stored(await mine.write(step, strict=strict))
            at += len(batch)

    async def _read(self, origin: Origin, peer: Peer, start: int, end: int) -> list[Fed]:
        """At least one leaf from start on; raises _SilentError, VerificationError."""
        try:
            async with self._tasks.timeout(_ANSWER_SECONDS):
                fed = await peer.feed(origin, start, min(_BATCH, end - start))
        except (TimeoutError, UnavailableError) as error:
            raise _SilentError(peer.region) from error
        except LedgerError as error:
            raise VerificationError(error.code, error.detail) from error
        if not fed:
            raise _SilentError(peer.region)
        return list(_parsed(origin, start, fed))

    async def _is_forgotten(self, origin: Origin) -> bool:
        return await self._store.get_meta(forgotten_name(origin)) is not None


class _SilentError(Exception):
    """A mirror that answered before does not now."""


def _parsed(origin: Origin, start: int, items: Sequence[FedStatement]) -> Iterator[Fed]:
    for index, item in enumerate(items, start):
        leaf = parse_leaf(item.leaf)
        if not names(StatementId(leaf.statement), item.signed):
            raise VerificationError("bad_answer", f"leaf {index} names another statement")
        yield read_fed(origin, index, leaf, item.signed, item.disclosures, item.sealed)
