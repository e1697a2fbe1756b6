"""Holding another region's log for its home node, before that node answers anyone (DESIGN D3).

A home node has its mirrors hold each head before it signs it. What a mirror says here it must be able to
say again after a power cut: every answer comes after the disk has it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ledger import tree
from ledger.errors import ConflictError, InputError, UnavailableError, VerificationError
from ledger.failpoints import reach
from ledger.merkle.leaf import parse_leaf
from ledger.mirroring.feeding import Fed, names, read_fed
from ledger.mirroring.mirrored import MirroredLog, MirroredLogs, Step
from ledger.ports import Clock, FedStatement, HeadLock, Hold, Holding, LeaderToken, Store
from ledger.values import Origin, StatementId, TreeHead
from ledger.verify.logpolicy import LogPolicy


class Keeper:
    """One of the holders of the other regions' logs.

    Args:
        region: this node's region; its own logs are not held here.
        policies: what is trusted of each log, by origin; may grow while the node runs.
        logs: the mirrored logs, shared with the mirror of the same process.
        head_lock: keeps their heads and whom their regions follow.
        clock: tells the mirror that a log need not be fetched for a while.
    """

    def __init__(
        self,
        *,
        region: str,
        store: Store,
        policies: Mapping[Origin, LogPolicy],
        logs: MirroredLogs,
        head_lock: HeadLock,
        clock: Clock,
    ) -> None:
        self._region = region
        self._clock = clock
        self._store = store
        self._policies = policies
        self._logs = logs
        self._head_lock = head_lock
        self._followed: dict[tuple[str, str], LeaderToken | None] = {}

    async def held(self, origin: Origin) -> Holding:
        """What is held of a log.

        Raises:
            InputError: log_unknown.
            UnavailableError: head_lock_torn.
        """
        mine = self._log(origin)
        async with mine.lock:
            return await self._holding(origin, mine)

    async def lead(self, origin: Origin, leader: LeaderToken) -> Holding:
        """Follow a leader of the log's region from now on; what is held then.

        Raises as ``held``, and ConflictError(leader_replaced) where a later leader is followed.
        """
        mine = self._log(origin)
        async with mine.lock:
            await self._follow(origin, leader)
            return await self._holding(origin, mine)

    async def hold(self, origin: Origin, step: Hold) -> Holding:
        """Store leaves of a log and move its lock; what is held then.

        Raises:
            InputError: log_unknown, hold_malformed.
            VerificationError: sealed_signature.
            ConflictError: leader_replaced; head_moved, if the lock holds neither head of the step;
                hold_gap, if leaves before its first are not held; copies_fork, with evidence kept.
            UnavailableError: head_lock_torn, head_lock_missing.
        """
        mine = self._log(origin)
        fed = [_read(origin, at, one) for at, one in enumerate(step.leaves, step.start)]
        for one in fed:
            mine.check_sealed(one)
        async with mine.lock:
            await self._follow(origin, step.leader)
            locked = await self._locked(origin)
            if locked is None and step.old is not None:
                # Not said as head_moved, which ends the leader: this mirror is gone, and nothing moved.
                raise UnavailableError("head_lock_missing", f"the lock of {origin} is lost here")
            if locked not in (step.old, step.new):
                raise ConflictError("head_moved", f"the lock of {origin} holds {_name(locked)}")
            grown = await self._fit(origin, mine, step, fed)
            if grown.fed:
                await mine.write(grown)
            reach("hold.stored")
            if locked != step.new:
                # Only now: a head in the lock says that its leaves are held.
                await self._head_lock.swap(origin, locked, step.new)
            reach("hold.moved")
            mine.handed_at = self._clock.monotonic()
            return Holding(step.new, await mine.stored(), step.leader)

    async def _fit(self, origin: Origin, mine: MirroredLog, step: Hold, fed: Sequence[Fed]) -> Step:
        """What of the step is new here, once all of it is shown to continue what is held."""
        edge = await mine.edge()
        if step.start > edge.size:
            raise ConflictError("hold_gap", f"{edge.size} leaves of {origin} are held")
        if step.old is not None and step.old.size > step.new.size:
            raise InputError("hold_malformed", "the new head is smaller than the old one", "/0/new")
        await mine.confirm(fed[: edge.size - step.start])
        heads = [step.new] if step.old is None else [step.old, step.new]
        fresh = fed[edge.size - step.start :]
        grown = mine.grow(edge, fresh, {head.size for head in heads})
        if grown.edge.size < step.new.size or (fresh and grown.edge.size > step.new.size):
            raise InputError("hold_malformed", "the leaves do not end at the new head", "/0/new")
        for head in heads:
            root = grown.roots.get(head.size)
            if root is None:
                root = await tree.root(self._store, origin, head.size)
            if root != head.root:
                await mine.contradicted(head.size, head.root, root, "root")
        return grown

    async def _follow(self, origin: Origin, leader: LeaderToken) -> None:
        known = await self._leader(origin)
        if known == leader:
            return
        if known is not None and known.number >= leader.number:
            raise ConflictError(
                "leader_replaced",
                f"start {known.number} leads {origin.region}, not {leader.number}",
            )
        await self._head_lock.follow(origin, leader)
        self._followed[origin.network, origin.region] = leader

    async def _leader(self, origin: Origin) -> LeaderToken | None:
        """Read once: nobody but this keeper changes it."""
        name = origin.network, origin.region
        if name not in self._followed:
            self._followed[name] = await self._head_lock.leader(origin)
        return self._followed[name]

    async def _holding(self, origin: Origin, mine: MirroredLog) -> Holding:
        return Holding(await self._locked(origin), await mine.stored(), await self._leader(origin))

    async def _locked(self, origin: Origin) -> TreeHead | None:
        state = await self._head_lock.read(origin)
        if state.torn:
            raise UnavailableError("head_lock_torn", f"the lock of {origin} is damaged here")
        return state.head

    def _log(self, origin: Origin) -> MirroredLog:
        policy = self._policies.get(origin)
        if policy is None or origin.region == self._region:
            raise InputError("log_unknown", f"{origin} is no log that is held here")
        return self._logs.of(policy)


def _read(origin: Origin, index: int, item: FedStatement) -> Fed:
    try:
        leaf = parse_leaf(item.leaf)
    except VerificationError as error:
        raise InputError("hold_malformed", f"{index} is no leaf: {error.code}") from error
    if not names(StatementId(leaf.statement), item.signed):
        raise InputError("hold_malformed", f"leaf {index} names another statement")
    return read_fed(origin, index, leaf, item.signed, item.disclosures, item.sealed)


def _name(head: TreeHead | None) -> str:
    return "no head" if head is None else f"size {head.size} root {head.root.hex()[:16]}"
