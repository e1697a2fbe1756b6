"""The mirror: copies the other regions' logs as soon as they are committed, anchored or not (DESIGN D6)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from types import MappingProxyType

from ledger.errors import ConflictError, UnavailableError, VerificationError
from ledger.merkle.leaf import Leaf, parse_leaf
from ledger.merkle.note import VerifierKey
from ledger.mirroring.asking import Peers
from ledger.mirroring.damage import Apart
from ledger.mirroring.feeding import Fed, names, read_fed
from ledger.mirroring.findings import Findings
from ledger.mirroring.mirrored import MirroredLogs
from ledger.ports import Clock, FedStatement, Peer, Store, Tasks
from ledger.values import Origin, StatementId
from ledger.verify.logpolicy import LogPolicy

# Seconds for which a log is not fetched after its home node has handed something over: the rest comes too.
_HANDED_OVER = 2.0


@dataclass(frozen=True, slots=True)
class MirrorStatus:
    """``sizes`` held by origin; ``missing``: statements (hex) nobody could give, by origin."""

    sizes: dict[str, int] = field(default_factory=dict)
    missing: dict[str, str] = field(default_factory=dict)
    silent: tuple[str, ...] = ()


class Mirror:
    """Holds every statement of the other regions' logs, with the fields that mirrors may see.

    Args:
        region: this node's region; its own logs are not mirrored.
        logs: what is trusted of each log, by origin; may grow while the node runs.
        cas: trusted CA certificates, DER.
        certificates: registrars' certificates and intermediates, DER.
        peer_keys: the regions' peer keys by key name; without, nothing that is sealed is kept.
        pace: seconds between two looks.
        batch: leaves asked for at once.

    Attributes:
        logs: the mirrored logs, which whoever is handed leaves by their home node writes through, too.
    """

    def __init__(
        self,
        *,
        region: str,
        store: Store,
        peers: Sequence[Peer],
        logs: Mapping[Origin, LogPolicy],
        cas: Sequence[bytes],
        certificates: Sequence[bytes],
        clock: Clock,
        tasks: Tasks,
        peer_keys: Mapping[str, VerifierKey] = MappingProxyType({}),
        pace: float = 0.5,
        batch: int = 128,
    ) -> None:
        self._region = region
        self._clock = clock
        self._peers = Peers(peers, clock)
        self._logs = logs
        self._tasks = tasks
        self._pace = pace
        self._batch = batch
        self._findings = Findings(store, clock)
        self._apart = Apart(self._findings)
        self.logs = MirroredLogs(store, cas, certificates, peer_keys, self._findings)
        self._missing: dict[str, str] = {}

    @property
    def status(self) -> MirrorStatus:
        """How far each log is held."""
        return MirrorStatus(self.logs.sizes, dict(self._missing), self._peers.silent)

    async def run(self) -> None:
        """Step for ever."""
        while True:
            # A full disk refuses for a while and must not end the node, which can still be read.
            copied = 0
            with suppress(UnavailableError):
                copied = await self.step()
            await self._tasks.sleep(0.0 if copied else self._pace)

    async def step(self) -> int:
        """Copy one batch of each log; how many leaves were copied."""
        copied = 0
        for origin, log in list(self._logs.items()):
            peer = self._peers.of(origin.region)
            if origin.region != self._region and peer is not None:
                async with self._apart.work(origin):
                    copied += await self._copy(log, peer)
        self._apart.end_round()
        return copied

    async def _copy(self, log: LogPolicy, home: Peer) -> int:
        origin, mine = log.origin, self.logs.of(log)
        if self._clock.monotonic() - mine.handed_at < _HANDED_OVER:
            return 0
        async with mine.lock:
            start = (await mine.edge()).size
        answer = await self._peers.ask(home, lambda peer: peer.feed(origin, start, self._batch))
        fed: list[Fed] = []
        for index, item in enumerate(answer or (), start):
            read = await self._read(origin, index, item)
            if read is None:
                break
            fed.append(await mine.without_false(read))
        async with mine.lock:
            # The home node may have handed some of them over meanwhile.
            edge = await mine.edge()
            held, fresh = fed[: edge.size - start], fed[edge.size - start :]
            try:
                await mine.confirm(held)
            except ConflictError:
                # Kept as evidence; what follows such a leaf belongs to no tree that is held here.
                return 0
            if fresh:
                await mine.write(mine.grow(edge, fresh))
        return len(fresh)

    async def _read(self, origin: Origin, index: int, item: FedStatement) -> Fed | None:
        """The fed leaf with its statement, or None while one of the two cannot be had."""
        try:
            leaf = parse_leaf(item.leaf)
        except VerificationError as error:
            # A leaf that names no statement: there is nothing to hold, so nothing to cosign from here on.
            await self._findings.keep_json(
                "leaf_malformed",
                str(origin),
                index=index,
                code=error.code,
                leaf=item.leaf[:500].hex(),
            )
            return None
        signed = await self._signed(origin, leaf, item.signed)
        if signed is None:
            return None
        return read_fed(origin, index, leaf, signed, item.disclosures, item.sealed)

    async def _signed(self, origin: Origin, leaf: Leaf, given: bytes) -> bytes | None:
        wanted = StatementId(leaf.statement)
        if names(wanted, given):
            self._missing.pop(str(origin), None)
            return given
        for peer in self._peers.from_home(origin.region):
            signed = await self._peers.ask(peer, lambda p: p.signed_part(wanted))
            if signed is not None and names(wanted, signed):
                self._missing.pop(str(origin), None)
                return signed
        self._missing[str(origin)] = wanted.hex()
        return None
