"""The anchor worker: one log, one account, every decision from facts (DESIGN D11)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace

from ledger import tree
from ledger.anchoring.choice import choose_size
from ledger.anchoring.facts import Facts, contradiction, look, named, newest_own
from ledger.anchoring.outbox import Outbox, Settled
from ledger.anchoring.replacing import Replacer, Replacing
from ledger.anchoring.status import Alarm, AnchorStatus, Outcome
from ledger.errors import DisputedError, InputError, UnavailableError, VerificationError
from ledger.ports import Block, Chain, Clock, HeadLock, OutboxRow, Store, Tasks
from ledger.values import ChainIdentity, Origin, TreeHead

_LONGEST_ALARM = 60.0
# What waits has to be anchored within a minute after the chain is back, the sending included.
_LONGEST_SILENCE = 10.0
_AFTER_MINED = 0.02


class Anchorer:
    """Anchors the heads of one log, by facts only, so that the start after a crash is a normal step.

    Args:
        origin: the log.
        identity: the chain's identity as deployed; another one stops anchoring.
        pace: seconds between two looks.
        replacing: when to offer more for what waits; None: never.
        account: held for each step by whoever anchors with the same account in this process.
        seen: told the newest final block at each look.
        closing: where the log was closed: nothing new is anchored, but what the chain has lost up to there.
    """

    def __init__(
        self,
        *,
        origin: Origin,
        store: Store,
        chain: Chain,
        head_lock: HeadLock,
        identity: ChainIdentity,
        clock: Clock,
        tasks: Tasks,
        pace: float = 1.0,
        replacing: Replacing | None = None,
        account: asyncio.Lock | None = None,
        seen: Callable[[Block], None] = lambda _: None,
        closing: TreeHead | None = None,
    ) -> None:
        self._origin = origin
        self._store = store
        self._chain = chain
        self._head_lock = head_lock
        self._identity = identity
        self._clock = clock
        self._tasks = tasks
        self._pace = pace
        self._seen = seen
        self._closing = closing
        self._account = account or asyncio.Lock()
        self._outbox = Outbox(store, chain, Replacer(chain, clock, replacing), clock)
        self._refused: tuple[TreeHead, Alarm] | None = None
        self._foreign: Alarm | None = None
        self._restored = False
        self._status = AnchorStatus()

    @property
    def status(self) -> AnchorStatus:
        """What the newest step saw."""
        return self._status

    @property
    def restored(self) -> bool:
        """Whether the chain was seen to hold a closed log up to where it was closed."""
        return self._restored

    async def run(self, until: Callable[[], bool] = lambda: False) -> None:
        """Step until told to end; slower while the chain does not answer or an alarm stands."""
        pause = self._pace
        while not until():
            outcome = await self._guarded_step()
            # A refused call costs gas each time, so an alarm slows down even what was mined.
            alarm = self._status.alarm
            if alarm is not None and alarm.slows:
                pause = min(2 * max(pause, self._pace), _LONGEST_ALARM)
            elif outcome is Outcome.STOPPED:
                pause = min(2 * max(pause, self._pace), _LONGEST_SILENCE)
            else:
                pause = _AFTER_MINED if outcome is Outcome.MINED else self._pace
            await self._tasks.sleep(pause)

    async def _guarded_step(self) -> Outcome:
        try:
            # At an epoch turn the closed log's worker may be in its last step: both would take one nonce.
            async with self._account:
                return await self.step()
        except DisputedError as error:
            # Nodes of the chain contradict one another: what one of them says must not move us.
            alarm = Alarm(error.code, error.detail)
        except UnavailableError as error:
            return await self._miss(error)
        except (InputError, VerificationError) as error:
            # A tree with a hole or a tile of another length: altered here, so nothing may be anchored.
            alarm = Alarm("log_unreadable", f"{error.code}: {error.detail}")
        try:
            return await self._stop(alarm)
        except UnavailableError as error:
            # The store takes no evidence now; what stands is found again, and told, at the next step.
            return await self._miss(error)

    async def _miss(self, error: UnavailableError) -> Outcome:
        self._status = replace(self._status, unavailable=error.code)
        await self._count()
        return Outcome.STOPPED

    async def step(self) -> Outcome:
        """Look once at chain and store, and do what they call for.

        Raises:
            UnavailableError: chain or store cannot be read now; nothing is concluded from that.
        """
        if (alarm := await self._other_chain()) is not None:
            return await self._stop(alarm)
        facts = await self._look()
        if (alarm := await self._doubt(facts)) is not None:
            return await self._stop(alarm)
        settled = await self._outbox.settle(facts.nonce, facts.final, self._origin, facts.contract)
        await self._weigh(settled)
        if settled.waiting:
            return Outcome.SENT
        if settled.mined:
            # Head and nonce were read before this transaction showed up.
            facts = await self._look()
            if (alarm := await self._doubt(facts)) is not None:
                return await self._stop(alarm)
        return await self._advance(facts)

    async def _doubt(self, facts: Facts) -> Alarm | None:
        """Why nothing may be anchored by these facts, or None."""
        # Asked after each look: were another chain put in its place before, its nonce would be signed for.
        alarm = await self._other_chain()
        if alarm is None:
            alarm = await contradiction(self._origin, self._store, facts)
        if alarm is None:
            # Not before: a head that somebody else left there, however large, anchors none of our leaves.
            self._status = replace(self._status, anchored=facts.contract.head.size)
        return alarm

    async def _other_chain(self) -> Alarm | None:
        """Why nothing may be concluded from what this chain shows, or None."""
        found = await self._chain.identity()
        if found == self._identity:
            return None
        # Under the same address our transactions would mean something else there.
        return Alarm("chain_identity", f"the chain now shows {found}")

    async def _look(self) -> Facts:
        facts = await look(self._origin, self._chain, self._head_lock)
        self._seen(facts.final)
        if self._refused is not None and facts.contract.head.size >= self._refused[0].size:
            self._refused = None
        self._status = AnchorStatus(
            anchored=self._status.anchored,
            signed=facts.signed.size if facts.signed else 0,
            head_time=facts.contract.time,
            checked_at=self._clock.now(),
            alarm=self._refused[1] if self._refused is not None else self._foreign,
        )
        return facts

    async def _weigh(self, settled: Settled) -> None:
        if settled.foreign is not None:
            # The head that it left is one our log extends (else an alarm stopped us): go on from there.
            await self._accuse(settled.foreign)
        # A refusal of a log that this account anchored before its epoch ended says nothing of this one.
        if settled.refused is not None and settled.refused.origin == self._origin:
            alarm = await self._refusal(settled.refused)
            self._refused = (settled.refused.head, alarm)
            await self._tell(alarm)

    async def _accuse(self, nonce: int) -> None:
        used = f"nonce {nonce} of account {self._chain.sender.hex()} was used by none of ours"
        alarm = Alarm("anchor_nonce_foreign", used, slows=False)
        # It stands until the process ends; one look after another finds the same.
        if alarm != self._foreign:
            await self._tell(alarm)
            self._foreign = alarm

    async def _refusal(self, row: OutboxRow) -> Alarm:
        try:
            reason = await self._chain.refusal(row.hash)
            detail = "no reason" if reason is None else reason.detail
        except UnavailableError as error:
            detail = f"its reason cannot be read: {error.code}"
        return Alarm("anchor_refused", f"the contract refused {named(row.head)}: {detail}")

    async def _advance(self, facts: Facts) -> Outcome:
        if self._closing is not None:
            self._restored = facts.contract.head.size >= self._closing.size
        target = await self._target(facts)
        if target is None:
            return Outcome.IDLE
        before = facts.contract.head.size
        proof = await tree.consistency(self._store, self._origin, before, target.size)
        signed = self._chain.sign_anchor(facts.nonce, self._origin.log_id, target, proof)
        row = OutboxRow(
            self._origin, target, self._chain.sender, facts.nonce, signed.raw, signed.hash
        )
        mined = await self._outbox.send(row)
        return Outcome.MINED if mined else Outcome.SENT

    async def _target(self, facts: Facts) -> TreeHead | None:
        if facts.signed is None:
            return None
        anchored = facts.contract.head.size
        # Never above what the lock holds: a head beyond it could still be lost with this machine; and of a
        # closed log nothing beyond its end, which is no part of it.
        most = facts.signed.size
        if self._closing is not None:
            most = min(most, self._closing.size)
        size = await self._lost_size(anchored, most)
        if size is None:
            size = choose_size(anchored, most)
        if size is None:
            return None
        return TreeHead(size, await tree.root(self._store, self._origin, size))

    async def _lost_size(self, anchored: int, signed: int) -> int | None:
        """The smallest head above ``anchored`` that was on the chain before: it was rolled back.

        Bundles were issued under each of these sizes, so each one returns, in order, before anything new.
        What we sent is among them though we never saw it final: a mirror may have.
        """
        kept = [row.facts.head.size for row in await self._store.anchors(self._origin, anchored, 1)]
        sent = await self._store.outbox(self._chain.sender)
        kept += [row.head.size for row in sent if row.origin == self._origin]
        return min((size for size in kept if anchored < size <= signed), default=None)

    async def _stop(self, alarm: Alarm) -> Outcome:
        self._status = replace(self._status, checked_at=self._clock.now())
        await self._tell(alarm)
        await self._count()
        return Outcome.STOPPED

    async def _count(self) -> None:
        """Say how much waits though the chain does not: records are taken meanwhile."""
        signed = (await self._head_lock.read(self._origin)).head
        self._status = replace(self._status, signed=0 if signed is None else signed.size)
        if self._status.anchored:
            return
        # A process that never saw the chain knows from those before it; where the store or the tree cannot be
        # read now, the next look tells.
        with suppress(UnavailableError, InputError, VerificationError):
            anchored = await newest_own(self._origin, self._store)
            self._status = replace(self._status, anchored=anchored)

    async def _tell(self, alarm: Alarm) -> None:
        self._status = replace(self._status, alarm=alarm)
        await self._store.add_evidence(
            alarm.code, str(self._origin), alarm.detail, self._clock.now()
        )
