"""The other regions' logs in this node's store: one lock, one edge and one way to write for each.

What a home node hands over and what is fetched from it both end here, so that neither can write beside the
other.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from ledger import tree
from ledger.errors import ConflictError, UnavailableError, VerificationError
from ledger.failpoints import reach
from ledger.merkle.frontier import Frontier
from ledger.merkle.note import VerifierKey
from ledger.mirroring.feeding import Fed, row_of
from ledger.mirroring.findings import Findings
from ledger.mirroring.registrations import Registrations
from ledger.mirroring.rules import Breach, RecordRules, newest_before
from ledger.ports import Append, Found, StatementRow, Store, TileRow
from ledger.statement.certificates import kid_of
from ledger.statement.sealed import check_sealed
from ledger.values import Millis, Origin, Sealed, StatementId, TreeHead
from ledger.verify.logpolicy import LogPolicy


@dataclass(frozen=True, slots=True)
class Step:
    """Leaves to be stored at the edge, the edge after them, and roots at the sizes asked for."""

    fed: tuple[Fed, ...]
    start: int
    edge: Frontier
    tiles: tuple[TileRow, ...]
    roots: Mapping[int, bytes]


class MirroredLog:
    """One log of another region; whoever asks for its edge holds ``lock`` until it has written."""

    def __init__(
        self, log: LogPolicy, store: Store, rules: RecordRules, registrations: Registrations,
        findings: Findings, peer: VerifierKey | None,
    ) -> None:  # fmt: skip
        self.lock = asyncio.Lock()
        self.policy = log
        self._origin = log.origin
        self._store = store
        self._rules = rules
        self._registrations = registrations
        self._findings = findings
        self._peer = peer
        self._edge: Frontier | None = None
        self.size = 0
        # Monotonic time at which the home node last handed something over.
        self.handed_at = -math.inf

    async def edge(self) -> Frontier:
        """The right edge of what is stored; not to be changed."""
        if self._edge is None:
            self._edge = await tree.load_frontier(self._store, self._origin)
            self.size = self._edge.size
        return self._edge

    async def stored(self) -> TreeHead:
        """Size and root of what is stored."""
        edge = await self.edge()
        return TreeHead(edge.size, edge.root())

    def grow(self, edge: Frontier, fed: Sequence[Fed], sizes: Collection[int] = ()) -> Step:
        """Lay leaves at the edge, in memory only."""
        grown = edge.copy()
        roots = {grown.size: grown.root()} if grown.size in sizes else {}
        tiles: list[TileRow] = []
        for one in fed:
            tiles += (
                TileRow(self._origin, tile.level, tile.index, tile.root, tile.data)
                for tile in grown.append(one.place.hash)
            )
            if grown.size in sizes:
                roots[grown.size] = grown.root()
        return Step(tuple(fed), edge.size, grown, tuple(tiles), roots)

    async def write(self, step: Step, *, strict: bool = False) -> list[StatementRow]:
        """Check the statements of a step, note what is wrong with them, store all; durable on return.

        What they carry sealed has been checked before. The rows as stored are the answer.

        Raises:
            VerificationError: with ``strict``, the first breach of a rule; then nothing is stored.
        """
        rows = await self._check(step, strict=strict)
        append = Append(
            self._origin,
            step.start,
            tuple(rows),
            tuple(one.place for one in step.fed),
            step.tiles,
            mirrored=True,
        )
        # Forgotten while it is unknown what the store holds: read anew after an error.
        self._edge = None
        reach("mirror.read")
        async with self._store.transaction() as transaction:
            await transaction.append(append)
            await transaction.put_sealed(self._origin, _sealed_of(step.fed))
        reach("mirror.stored")
        self._edge, self.size = step.edge, step.edge.size
        return rows

    async def confirm(self, fed: Sequence[Fed]) -> None:
        """Compare leaves with those stored at their places; keep their sealed disclosures if new.

        Raises:
            ConflictError: copies_fork; the two leaves were kept as evidence.
            UnavailableError: row_unreadable.
        """
        if not fed:
            return
        start = fed[0].place.index
        held = await self._store.leaves(self._origin, start, len(fed))
        if len(held) != len(fed):
            raise UnavailableError("row_unreadable", f"leaves of {self._origin} are gone")
        for one, leaf in zip(fed, held, strict=True):
            if one.place.hash != leaf.hash:
                await self.contradicted(leaf.index, one.place.hash, leaf.hash, "leaf")
        fresh = _sealed_of(fed)
        known = await self._store.sealed(self._origin, list(fresh))
        if fresh.keys() - known.keys():
            async with self._store.transaction() as transaction:
                await transaction.put_sealed(self._origin, fresh)

    async def contradicted(self, size: int, given: bytes, held: bytes, what: str) -> None:
        """Keep what the home node contradicts itself with; raises ConflictError(copies_fork)."""
        await self._findings.keep_json(
            "fork",
            str(self._origin),
            detail=f"the home node handed over another {what} than is held here",
            size=size,
            given=given.hex(),
            root=held.hex(),
        )
        raise ConflictError("copies_fork", f"another {what} at {size} of {self._origin} is held")

    def check_sealed(self, fed: Fed) -> None:
        """Raises VerificationError(sealed_signature) where its region did not sign what is sealed."""
        if fed.sealed is None:
            return
        if self._peer is None:
            raise VerificationError("sealed_signature", "the region has no known peer key")
        check_sealed(fed.sealed, self._origin, fed.place.statement, self._peer.public_key)

    async def without_false(self, fed: Fed) -> Fed:
        """The same without a sealed part that its region did not sign; that is noted.

        Only its own region could ever open it, so nobody else is harmed by its absence.
        """
        try:
            self.check_sealed(fed)
        except VerificationError as error:
            await self._keep(fed, [Breach(error.code, error.detail)])
            return replace(fed, sealed=None)
        return fed

    async def _check(self, step: Step, *, strict: bool) -> list[StatementRow]:
        rows: list[StatementRow] = []
        beside: dict[StatementId, Found] = {}
        last = await self._received_before(step.start)
        for one in step.fed:
            before = await self._before(one, beside)
            breaches = await self._rules.check(self.policy, one, before)
            if one.place.received < last:
                breaches.append(Breach("received_decreases", f"the leaf before says {last}"))
            last = one.place.received
            await self._keep(one, breaches)
            if strict and breaches:
                raise VerificationError(breaches[0].code, breaches[0].detail)
            row = row_of(one, before.statement.record.issuer if before else None)
            self._registrations.add(self.policy, one)
            beside[row.id] = Found(row, one.place)
            rows.append(row)
        return rows

    async def _received_before(self, start: int) -> Millis:
        leaf = await self._store.leaf(self._origin, start - 1) if start else None
        return leaf.received if leaf is not None else Millis(0)

    async def _before(self, fed: Fed, beside: Mapping[StatementId, Found]) -> Found | None:
        """The version that a statement names as its predecessor, in this step or stored before."""
        if fed.statement is None or fed.statement.claims.prev is None:
            return None
        wanted = StatementId(bytes.fromhex(fed.statement.claims.prev))
        if wanted in beside:
            return beside[wanted]
        return newest_before(await self._store.statement(wanted), fed.place)

    async def _keep(self, fed: Fed, breaches: list[Breach]) -> None:
        # Kept before the leaf is: after a crash the same leaf comes again and says the same.
        for breach in breaches:
            await self._findings.keep_json(
                "record_rule",
                fed.place.statement.hex(),
                origin=str(fed.place.origin),
                index=fed.place.index,
                code=breach.code,
                detail=breach.detail,
            )


def _sealed_of(fed: Iterable[Fed]) -> dict[StatementId, Sealed]:
    return {one.place.statement: one.sealed for one in fed if one.sealed is not None}


class MirroredLogs:
    """The mirrored logs of this node, each made when it is first asked for.

    Args:
        cas: trusted CA certificates, DER.
        certificates: registrars' certificates and intermediates, DER.
        peer_keys: the regions' peer keys by key name; they sign what is sealed.
    """

    def __init__(
        self,
        store: Store,
        cas: Sequence[bytes],
        certificates: Sequence[bytes],
        peer_keys: Mapping[str, VerifierKey],
        findings: Findings,
    ) -> None:
        self._store = store
        self._findings = findings
        self._peer_keys = peer_keys
        by_kid = {kid_of(der): der for der in certificates}
        self._registrations = Registrations(store, by_kid)
        self._rules = RecordRules(cas, by_kid, self._registrations)
        self._logs: dict[Origin, MirroredLog] = {}

    @property
    def sizes(self) -> dict[str, int]:
        """How many leaves are stored of each log that was looked at, by origin."""
        return {str(origin): log.size for origin, log in self._logs.items()}

    def of(self, policy: LogPolicy) -> MirroredLog:
        """The log of that policy."""
        origin = policy.origin
        known = self._logs.get(origin)
        if known is None:
            peer = self._peer_keys.get(f"{origin.network}/{origin.region}/peer")
            known = self._logs[origin] = MirroredLog(
                policy, self._store, self._rules, self._registrations, self._findings, peer
            )
        known.policy = policy
        return known
