"""The heads of one own log that others remember: what a refetched tree is held against."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from ledger.errors import LedgerError, UnavailableError, VerificationError
from ledger.merkle.checkpoint import open_checkpoint
from ledger.mirroring.election import ask_mirrors
from ledger.ports import Chain, Holding, Peer, Tasks
from ledger.values import TreeHead
from ledger.verify.logpolicy import LogPolicy

CHAIN = "chain"
"""Among those who are silent, beside the regions."""
_ANSWER_SECONDS = 3.0


@dataclass(slots=True)
class Marks:
    """``strong`` heads were locked, signed or anchored by this log; ``weak`` ones are a mirror's own word.

    ``promised`` is the size up to which heads left the house, as far as these tell; ``locked`` is what our
    own lock holds.
    """

    locked: TreeHead | None = None
    strong: list[TreeHead] = field(default_factory=list)
    weak: list[TreeHead] = field(default_factory=list)
    silent: list[str] = field(default_factory=list)
    promised: int = 0
    holdings: list[tuple[Peer, Holding]] = field(default_factory=list)

    def promise(self, head: TreeHead) -> None:
        """Take note of a head that left the house."""
        self.strong.append(head)
        self.promised = max(self.promised, head.size)

    def sources(self, size: int) -> list[Peer]:
        """Mirrors that store more than so many leaves, the fullest first."""
        able = [(one.stored.size, peer) for peer, one in self.holdings if one.stored.size > size]
        return [peer for _, peer in sorted(able, key=lambda pair: -pair[0])]

    def stored(self, peer: Peer) -> int:
        """How many leaves a mirror stores."""
        return next(one.stored.size for known, one in self.holdings if known is peer)

    def strong_only(self) -> Marks:
        """The same with every mirror cut down to what a head of our own proves."""
        sizes = [(peer, one, self.proven(one.stored.size)) for peer, one in self.holdings]
        # The root there is not asked for: it is the strong head's.
        cut = [
            (peer, replace(one, stored=replace(one.stored, size=size))) for peer, one, size in sizes
        ]
        return replace(self, weak=[], holdings=cut)

    def without(self, peer: Peer) -> Marks:
        """The same without a mirror that was refuted, and without its word."""
        left = [(known, one) for known, one in self.holdings if known is not peer]
        weak = _claimed(one for _, one in left) if self.weak else []
        return replace(self, weak=weak, holdings=left)

    @property
    def sizes(self) -> frozenset[int]:
        """Sizes at which a tree can be checked."""
        return frozenset(head.size for head in [*self.strong, *self.weak])

    def check(self, head: TreeHead) -> None:
        """Hold a computed head against what is remembered of that size.

        Raises:
            VerificationError: root_mismatch, if a strong head differs; root_disputed, if a weak one does.
        """
        for code, heads in (("root_mismatch", self.strong), ("root_disputed", self.weak)):
            if any(one.size == head.size and one.root != head.root for one in heads):
                raise VerificationError(
                    code, f"at size {head.size} the leaves have root {head.root.hex()}"
                )

    def proven(self, end: int) -> int:
        """The largest size up to ``end`` at which a strong head stands; 0 if none does."""
        return max((head.size for head in self.strong if head.size <= end), default=0)


async def gather_marks(
    policy: LogPolicy,
    locked: TreeHead | None,
    peers: Sequence[Peer],
    chain: Chain,
    tasks: Tasks,
    *,
    held_first: bool,
) -> Marks:
    """Ask the mirrors and the chain what they remember of a log; who is silent costs three seconds."""
    marks = Marks(locked)
    if locked is not None:
        marks.promise(locked)
    if policy.closed is not None:
        # What was in flight when the log lost its leaves may have been anchored, and closed, since.
        marks.promise(policy.closed)
    answers = await ask_mirrors(peers, lambda peer: peer.held(policy.origin), tasks)
    marks.silent += [*answers.silent]
    for peer in peers:
        holding = answers.holdings.get(peer.region)
        if holding is None:
            continue
        marks.holdings.append((peer, holding))
        if holding.head is not None and held_first:
            marks.promised = max(marks.promised, holding.head.size)
        await _add_signed(marks, policy, peer, tasks)
    marks.weak = _claimed(one for _, one in marks.holdings)
    await _add_anchored(marks, policy, chain, tasks, forgot=locked is None)
    return marks


def _claimed(holdings: Iterable[Holding]) -> list[TreeHead]:
    return [head for one in holdings for head in (one.stored, one.head) if head is not None]


async def _add_signed(marks: Marks, policy: LogPolicy, peer: Peer, tasks: Tasks) -> None:
    """The newest checkpoint of our log that a mirror keeps; its own word alone is none."""
    try:
        async with tasks.timeout(_ANSWER_SECONDS):
            note = await peer.checkpoint(policy.origin)
        if note is not None:
            marks.promise(open_checkpoint(note, policy.key)[0].head)
    except (TimeoutError, UnavailableError):
        marks.silent.append(peer.region)
    except VerificationError:
        return


async def _add_anchored(
    marks: Marks, policy: LogPolicy, chain: Chain, tasks: Tasks, *, forgot: bool
) -> None:
    try:
        async with tasks.timeout(_ANSWER_SECONDS):
            head = (await chain.head(policy.origin.log_id)).head
    except (TimeoutError, LedgerError):
        marks.silent.append(CHAIN)
        return
    if not head.size:
        return
    if forgot:
        # Without the lock nothing nearer tells that the log was begun.
        marks.promise(head)
    elif head.size <= marks.promised:
        # Beyond what our own lock and signatures know, it may be another holder of the anchor key.
        marks.strong.append(head)
