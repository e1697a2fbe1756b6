"""The whole audit: every log that is held, against itself and against what chain and regions show."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

from ledger.audit.heads import (
    ChainEvents,
    Known,
    anchor_faults,
    head_faults,
    heads_elsewhere,
    stored_anchors,
)
from ledger.audit.logs import LogAudit
from ledger.audit.report import AuditReport, Difference, LastClean
from ledger.mirroring.registrations import Registrations
from ledger.mirroring.rules import RecordRules
from ledger.ports import Chain, Clock, HeadLock, Peer, Store, Tasks
from ledger.sharing import Holdings
from ledger.statement.certificates import kid_of
from ledger.values import Origin
from ledger.verify.logpolicy import LogPolicy


class Auditor:
    """Reads only; may run beside the node.

    All of it grows meanwhile. So of two things that are compared, the one that follows from the other is
    read first: anchored rows before the chain's events, heads before the leaves.

    Args:
        store: the reads of the region's database.
        head_lock: None where a running node has it.
        logs: what is trusted of each log, by origin.
        deployed: number of the block that the contracts were deployed in.
        last: the mark of the last clean audit.
    """

    def __init__(
        self,
        *,
        region: str,
        store: Store,
        chain: Chain,
        peers: Sequence[Peer],
        head_lock: HeadLock | None,
        logs: Mapping[Origin, LogPolicy],
        cas: Sequence[bytes],
        certificates: Sequence[bytes],
        deployed: int,
        last: LastClean,
        clock: Clock,
        tasks: Tasks,
    ) -> None:
        self._region = region
        self._store = store
        self._events = ChainEvents(chain, deployed, tasks)
        self._peers = peers
        self._lock = head_lock
        self._logs = logs
        self._cas = cas
        self._by_kid = {kid_of(der): der for der in certificates}
        self._last = last
        self._tasks = tasks
        self._report = AuditReport(clock.now())

    async def run(self) -> AuditReport:
        """Look at everything once."""
        # Now: a later network file may name logs that the one read for this audit does not.
        held = await self._store.origins()
        registrations = Registrations(self._store, self._by_kid)
        rules = RecordRules(self._cas, self._by_kid, registrations)
        for origin in sorted(self._logs, key=lambda one: (one.region, one.epoch)):
            await self._log(self._logs[origin], rules, registrations)
        for origin in held:
            if origin not in self._logs:
                self._tell(origin, None, "", "log", "the network names no such log")
        if self._events.silent:
            self._report.silent.append("chain")
        self._report.silent = sorted(set(self._report.silent))
        return self._report

    async def _log(
        self, policy: LogPolicy, rules: RecordRules, registrations: Registrations
    ) -> None:
        origin, own = policy.origin, policy.origin.region == self._region
        # Before the leaves: what is logged meanwhile makes the log longer, never shorter than these.
        heads = await heads_elsewhere(
            policy, self._peers, self._lock, self._tasks, self._report.silent, own=own
        )
        rows, unread = await stored_anchors(self._store, origin)
        # After the rows, which are stored once their event is final: the chain shows each of them by now.
        events = await self._events.of(origin)
        known = Known(rows, heads)
        tell = partial(self._tell, origin)
        if unread:
            tell(None, "", "anchor", unread)
        last = self._last.sizes.get(str(origin))
        sizes = known.sizes | ({last.size} if last else set())
        walk = LogAudit(
            Holdings(self._store), policy, rules, registrations, own=own, sizes=sizes, tell=tell
        )
        head = await walk.walk()
        self._report.heads[origin] = head
        if last is not None and (last.size > head.size or walk.roots[last.size] != last.root):
            tell(
                None, "", "root", f"the log held another {last.size} leaves at the last clean audit"
            )
        for size, field, detail in [
            *head_faults(known, walk.roots, head, own=own),
            *anchor_faults(policy, known.rows, events, walk.roots, head.size),
        ]:
            tell(max(size - 1, 0), "", field, detail)

    def _tell(self, origin: Origin, index: int | None, record: str, field: str, why: str) -> None:
        since = self._last.since(str(origin), index)
        self._report.differences.append(Difference(str(origin), index, record, field, why, since))
