"""Who may lead a region: two of the three holders {own head lock, two mirrors} (decision 4)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field

from ledger.errors import ConflictError, FatalError, InputError, LedgerError, UnavailableError
from ledger.merkle.hashing import EMPTY_ROOT
from ledger.mirroring.copier import differs
from ledger.mirroring.findings import Findings
from ledger.ports import HeadLock, Holding, LeaderToken, Peer, Random, Store, Tasks
from ledger.values import Origin, TreeHead

_ANSWER_SECONDS = 3.0
_TRIES = 3
_MARK_SIZE = 8
_IDENTITY_SIZE = 16
_NOTHING = Holding(None, TreeHead(0, EMPTY_ROOT), None)


@dataclass(slots=True)
class Answers:
    """What the mirrors said: their holdings by region, who refused, why the others were silent."""

    holdings: dict[str, Holding] = field(default_factory=dict)
    refused: list[ConflictError] = field(default_factory=list)
    silent: dict[str, str] = field(default_factory=dict)


async def ask_mirrors(
    peers: Sequence[Peer], question: Callable[[Peer], Awaitable[Holding]], tasks: Tasks
) -> Answers:
    """Ask every mirror what it holds; one that is silent costs three seconds."""
    answers = Answers()
    for peer in peers:
        try:
            async with tasks.timeout(_ANSWER_SECONDS):
                answers.holdings[peer.region] = await question(peer)
        except TimeoutError:
            answers.silent[peer.region] = "no answer in time"
        except FatalError:
            raise
        except LedgerError as error:
            if isinstance(error, ConflictError) and error.code == "leader_replaced":
                answers.refused.append(error)
            else:
                answers.silent[peer.region] = str(error)
    return answers


async def held_by(peers: Sequence[Peer], origin: Origin, tasks: Tasks) -> dict[str, Holding]:
    """How far each mirror that answers holds a log, by region: where lost leaves can be fetched from."""
    return (await ask_mirrors(peers, lambda peer: peer.held(origin), tasks)).holdings


class Election:
    """One start of a node that wants to lead its region, decided anew for each log that it goes on in.

    The leader is the region's; what was promised is the log's, and two of the holders must know it.

    Args:
        peers: the mirrors.
        head_lock: the node's own; it counts only where nobody else has led since it was followed last.
    """

    def __init__(
        self,
        *,
        store: Store,
        head_lock: HeadLock,
        peers: Sequence[Peer],
        random: Random,
        tasks: Tasks,
        findings: Findings,
    ) -> None:
        self._store = store
        self._lock = head_lock
        self._peers = peers
        self._tasks = tasks
        self._random = random
        self._findings = findings
        self._majority = (len(peers) + 1) // 2 + 1

    async def win(
        self, origin: Origin, leading: LeaderToken | None = None
    ) -> tuple[LeaderToken, dict[str, Holding]]:
        """The token under which this node leads from now on, and what the mirrors hold of this log.

        ``leading`` is the token under which it leads an older log already: it stays the same, as what is
        under way to the mirrors names it.

        Raises:
            UnavailableError: copies_missing, copies_ahead, copies_fork.
            FatalError: leader_replaced, if another node took the lead at the same time, or since.
        """
        for _ in range(_TRIES if leading is None else 1):
            answers = await ask_mirrors(self._peers, lambda peer: peer.held(origin), self._tasks)
            await self._compare(origin, answers)
            own = await self._own(origin, answers)
            # Before any number is taken: a node that cannot win must not unseat the one that leads.
            self._require(len(answers.holdings) + (own is not None), answers)
            if own is None:
                await self._check_memory(origin, answers)
            token = leading or await self._next(origin, own, answers)
            holdings = await self._stand(origin, own, token)
            if holdings is not None:
                return token, holdings
        raise FatalError("leader_replaced", f"another node keeps claiming {origin.region}")

    async def _next(self, origin: Origin, own: bytes | None, answers: Answers) -> LeaderToken:
        known = [one.leader for one in answers.holdings.values()]
        known.append(await self._lock.leader(origin))
        number = max((one.number for one in known if one is not None), default=0) + 1
        lock = own or self._random.bytes(_IDENTITY_SIZE)
        return LeaderToken(number, self._random.bytes(_MARK_SIZE), lock)

    async def _stand(
        self, origin: Origin, own: bytes | None, token: LeaderToken
    ) -> dict[str, Holding] | None:
        """Ask every mirror to follow; None where one follows another start of the same number."""
        if own is not None:
            # First of all: if we end here, the next start still knows the number as its own.
            await self._lock.follow(origin, token)
        answers = await ask_mirrors(self._peers, lambda peer: peer.lead(origin, token), self._tasks)
        await self._compare(origin, answers)
        votes = len(answers.holdings) + (own is not None)
        if answers.refused:
            if votes < self._majority:
                raise FatalError("leader_replaced", answers.refused[0].detail)
            # The other one cannot have won: whoever has the majority outbids it.
            return None
        self._require(votes, answers)
        if own is None:
            await self._take_lock(origin, token, answers)
        return answers.holdings

    async def _compare(self, origin: Origin, answers: Answers) -> None:
        for region, holding in answers.holdings.items():
            error = await differs(self._store, origin, holding)
            if error is not None and error.code == "copies_fork":
                await self._findings.keep_json(
                    "fork", str(origin), detail=error.detail, mirror=region,
                    heads=[[head.size, head.root.hex()] for head in (holding.head, holding.stored) if head],
                )  # fmt: skip
            if error is not None:
                raise UnavailableError(error.code, f"{region}: {error.detail}", 60)

    async def _own(self, origin: Origin, answers: Answers) -> bytes | None:
        """Name of the own lock where it counts as a holder."""
        name, token = await self._lock.identity(), await self._lock.leader(origin)
        if name is None or token is None or token.lock != name:
            return None
        state = await self._lock.read(origin)
        if state.torn or (state.head is None and not await self._is_new(origin, answers)):
            return None
        for holding in answers.holdings.values():
            seen = holding.leader
            if seen is None or seen == token:
                continue
            if seen.lock != name or seen.number >= token.number:
                # Another node, or a twin of this one, was followed since: what it promised may stand
                # at the other mirror only.
                return None
        return name

    async def _is_new(self, origin: Origin, answers: Answers) -> bool:
        """Whether nothing shows that the log was ever begun, so that no head of it is in the lock."""
        begun = any(one.head is not None for one in answers.holdings.values())
        return not begun and await self._store.size(origin) == 0

    def _require(self, votes: int, answers: Answers) -> None:
        if votes >= self._majority:
            return
        why = "; ".join(f"{region}: {detail}" for region, detail in answers.silent.items())
        raise UnavailableError(
            "copies_missing", f"{votes} of {len(self._peers) + 1} holders can be had ({why})", 5
        )

    async def _take_lock(self, origin: Origin, token: LeaderToken, answers: Answers) -> None:
        """Bring the own lock to what the mirrors hold, then make it one of the holders again."""
        heads = [one.head for one in answers.holdings.values() if one.head is not None]
        newest = max(heads, key=lambda head: head.size, default=None)
        mine = (await self._lock.read(origin)).head
        if newest is not None and (mine is None or mine.size < newest.size):
            await self._lock.adopt(origin, newest)
        await self._lock.follow(origin, token)
        # Last: a lock with a name of its own is believed, and for all logs. Where the region has gone on
        # to a later one, this lock must be brought to what the mirrors hold of that one first.
        if not await self._goes_on(origin):
            await self._lock.claim(token.lock)

    async def _goes_on(self, origin: Origin) -> bool:
        """Whether anything may have been promised in a later epoch, known to this node or not."""

        async def later(peer: Peer) -> Holding:
            epoch = origin
            try:
                while (found := await peer.held(epoch := epoch.next_epoch())).head is None:
                    pass
            except InputError as error:
                if error.code != "log_unknown":
                    raise
                return _NOTHING
            return found

        answers = await ask_mirrors(self._peers, later, self._tasks)
        self._require(len(answers.holdings), answers)
        return any(one.head is not None for one in answers.holdings.values())

    async def _check_memory(self, origin: Origin, answers: Answers) -> None:
        """Refuse to count a mirror that forgot whom it followed, as it forgot what it held with it.

        Whoever had a head held was followed by both before. Where none is held yet, of this log or a later
        one, a first start may have ended between the two.
        """
        forgot = [region for region, one in answers.holdings.items() if one.leader is None]
        if not forgot:
            return
        begun = any(one.head is not None for one in answers.holdings.values())
        if begun or await self._goes_on(origin):
            raise UnavailableError(
                "copies_missing",
                f"{', '.join(forgot)} has lost its head lock, and so has this node",
                60,
            )
