"""Following the chain: every final anchor of every log, completed with what its verifiers need."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from ledger.errors import UnavailableError
from ledger.mirroring.asking import Peers
from ledger.mirroring.book import AnchorBook
from ledger.mirroring.collecting import Collector
from ledger.mirroring.damage import Apart
from ledger.mirroring.events import EventReader
from ledger.mirroring.findings import Findings
from ledger.ports import Chain, Clock, HeadLock, Peer, Signer, Store, Tasks
from ledger.values import AnchorFacts, ChainIdentity, Millis, Origin
from ledger.verify.logpolicy import LogPolicy

_NEVER = Millis(0)


@dataclass(frozen=True, slots=True)
class FollowerStatus:
    """``alarm`` is set while the chain is not the one we anchored to; ``checked_at`` is 0 at first."""

    checked_at: Millis = _NEVER
    alarm: str | None = None
    unavailable: str | None = None


class Follower:
    """Keeps anchor rows for all logs, own and mirrored, and collects checkpoints and cosignatures.

    Args:
        book: shared with the witness of the same process.
        logs: what is trusted of each log, by origin; may grow while the node runs.
        signers: keys of our own logs, by origin.
        identity: the chain's identity as deployed.
        pace: seconds between two looks.
    """

    def __init__(
        self,
        *,
        store: Store,
        chain: Chain,
        book: AnchorBook,
        peers: Sequence[Peer],
        logs: Mapping[Origin, LogPolicy],
        signers: Mapping[Origin, Signer],
        head_lock: HeadLock,
        identity: ChainIdentity,
        clock: Clock,
        tasks: Tasks,
        pace: float = 1.0,
    ) -> None:
        self._store = store
        self._chain = chain
        self._book = book
        self._peers = Peers(peers, clock)
        self._logs = logs
        self._signers = signers
        self._head_lock = head_lock
        self._identity = identity
        self._clock = clock
        self._tasks = tasks
        self._pace = pace
        self._events = EventReader(store, chain)
        self._findings = Findings(store, clock)
        self._apart = Apart(self._findings)
        self._collectors: dict[Origin, tuple[LogPolicy, Collector]] = {}
        self._status = FollowerStatus()

    @property
    def status(self) -> FollowerStatus:
        """What the newest step saw."""
        return self._status

    @property
    def witness_lags(self) -> dict[Origin, dict[str, float]]:
        """By log and region: for how many seconds an anchored head has lacked its cosignature."""
        return {origin: collector.lags for origin, (_, collector) in self._collectors.items()}

    async def run(self) -> None:
        """Step for ever."""
        while True:
            more = await self.step()
            await self._tasks.sleep(0.0 if more else self._pace)

    async def step(self) -> bool:
        """Read new events, then collect; True if there may be more to collect at once.

        What was read before is completed also while the chain does not answer.
        """
        try:
            await self._follow()
        except UnavailableError as error:
            self._status = replace(self._status, unavailable=error.code)
        more = False
        try:
            for log in list(self._logs.values()):
                async with self._apart.work(log.origin):
                    more = await self._collector(log).step() or more
            self._apart.end_round()
        except UnavailableError as error:
            # A full disk refuses for a while and must not end the node, which can still be read.
            self._status = replace(self._status, unavailable=error.code)
            return False
        return more

    async def _follow(self) -> None:
        if await self._chain.identity() != self._identity:
            # The events of another chain say nothing about our logs.
            self._status = FollowerStatus(self._clock.now(), "chain_identity")
            return
        final = await self._chain.final_block()
        by_id = {origin.log_id: origin for origin in self._logs}
        async for events in self._events.read(self._identity, final, list(self._logs)):
            for facts in events:
                async with self._apart.rows(by_id[facts.log_id]):
                    await self._see(by_id[facts.log_id], facts)
        self._status = FollowerStatus(self._clock.now())

    async def _see(self, origin: Origin, facts: AnchorFacts) -> None:
        row = await self._book.see(origin, facts)
        if row.facts.head != facts.head:
            await self._findings.fork(row, f"the chain now has root {facts.head.root.hex()}", None)

    def _collector(self, log: LogPolicy) -> Collector:
        known = self._collectors.get(log.origin)
        if known is None or known[0] != log:
            known = (
                log,
                Collector(
                    log=log,
                    store=self._store,
                    book=self._book,
                    peers=self._peers,
                    head_lock=self._head_lock,
                    signers=self._signers,
                    findings=self._findings,
                    clock=self._clock,
                ),
            )
            self._collectors[log.origin] = known
        return known[1]
