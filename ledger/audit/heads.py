"""The heads that others know of a log, against the tree that its leaves make."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from ledger.errors import InputError, LedgerError, VerificationError
from ledger.merkle.checkpoint import open_checkpoint
from ledger.merkle.cosignature import check_cosignature
from ledger.merkle.note import parse_note
from ledger.mirroring.book import has_quorum, other_witnesses
from ledger.ports import AnchorRow, Chain, HeadLock, Peer, Store, Tasks
from ledger.values import AnchorFacts, Origin, TreeHead
from ledger.verify.logpolicy import LogPolicy

_PAGE = 256
_BLOCKS = 1000
_ANSWER_SECONDS = 10.0


@dataclass(slots=True)
class Known:
    """What is known of one log: anchored rows, events on the chain, and heads by who holds them."""

    rows: list[AnchorRow] = field(default_factory=list)
    heads: list[tuple[str, TreeHead]] = field(default_factory=list)

    @property
    def sizes(self) -> set[int]:
        """Sizes at which a root is wanted."""
        return {row.facts.head.size for row in self.rows} | {head.size for _, head in self.heads}


async def stored_anchors(store: Store, origin: Origin) -> tuple[list[AnchorRow], str]:
    """All anchored heads that are stored, as far as they can be read, and why no further."""
    rows: list[AnchorRow] = []
    after = 0
    try:
        while page := await store.anchors(origin, after, _PAGE):
            rows += page
            after = page[-1].facts.head.size
    except (TypeError, ValueError, AttributeError, InputError) as error:
        return rows, f"an anchored head beyond size {after} cannot be read: {error}"
    return rows, ""


class ChainEvents:
    """Every final anchor event, read on to the block that is final at each look.

    Args:
        deployed: number of the block that the contracts were deployed in.
    """

    def __init__(self, chain: Chain, deployed: int, tasks: Tasks) -> None:
        self._chain = chain
        self._next = deployed
        self._tasks = tasks
        self._events: dict[bytes, dict[int, AnchorFacts]] = {}
        self.silent = False

    async def of(self, origin: Origin) -> Mapping[int, AnchorFacts] | None:
        """A log's events up to now, by size; None from the first time on that the chain does not answer."""
        if not self.silent:
            try:
                await self._read_on()
            except (TimeoutError, LedgerError):
                self.silent = True
        return None if self.silent else self._events.get(origin.log_id, {})

    async def _read_on(self) -> None:
        async with self._tasks.timeout(_ANSWER_SECONDS):
            final = (await self._chain.final_block()).number
        while self._next <= final:
            end = min(self._next + _BLOCKS - 1, final)
            async with self._tasks.timeout(_ANSWER_SECONDS):
                for one in await self._chain.anchors(self._next, end):
                    self._events.setdefault(one.log_id, {})[one.head.size] = one
            self._next = end + 1


async def heads_elsewhere(
    policy: LogPolicy,
    peers: Sequence[Peer],
    lock: HeadLock | None,
    tasks: Tasks,
    silent: list[str],
    *,
    own: bool,
) -> list[tuple[str, TreeHead]]:
    """Heads in the own lock and at the other regions, each with where it stands."""
    heads: list[tuple[str, TreeHead]] = []
    locked = (await lock.read(policy.origin)).head if lock is not None and own else None
    if locked is not None:
        heads.append(("the head lock", locked))
    for peer in peers:
        try:
            async with tasks.timeout(_ANSWER_SECONDS):
                if own:
                    holding = await peer.held(policy.origin)
                    heads.append((f"the mirror {peer.region}", holding.stored))
                    if holding.head is not None:
                        heads.append((f"the lock of {peer.region}", holding.head))
                note = await peer.checkpoint(policy.origin)
            if note is not None:
                head = open_checkpoint(note, policy.key)[0].head
                heads.append((f"a checkpoint at {peer.region}", head))
        except (TimeoutError, LedgerError):
            silent.append(peer.region)
    return heads


def head_faults(
    known: Known, roots: Mapping[int, bytes], head: TreeHead, *, own: bool
) -> Iterator[tuple[int, str, str]]:
    """(size, field, detail) of heads that the tree does not contain."""
    for who, one in known.heads:
        if one.size > head.size:
            # A mirrored log may be on its way here.
            if own:
                yield head.size, "size", f"{who} has {one.size} leaves, the database {head.size}"
        elif roots[one.size] != one.root:
            yield one.size, "root", f"{who} has another root at this size than the leaves make"


def anchor_faults(
    policy: LogPolicy,
    rows: Sequence[AnchorRow],
    events: Mapping[int, AnchorFacts] | None,
    roots: Mapping[int, bytes],
    size: int,
) -> Iterator[tuple[int, str, str]]:
    """(size, field, detail) of anchored heads that chain, tree or signatures do not bear out."""
    for row in rows:
        at = row.facts.head.size
        if at <= size and roots[at] != row.facts.head.root:
            yield at, "anchor root", "the leaves make another root at this size"
        if events is not None and events.get(at) != row.facts:
            yield at, "anchor", "the chain shows no such event"
        yield from ((at, name, why) for name, why in _signature_faults(policy, row))
    # What came after the newest one stored may still be on its way here.
    newest = max((row.facts.head.size for row in rows), default=0)
    stored = {row.facts.head.size for row in rows}
    for at in sorted(events or ()):
        if at < newest and at not in stored:
            yield at, "anchor", "the chain shows an event that is not stored"


def _signature_faults(policy: LogPolicy, row: AnchorRow) -> Iterator[tuple[str, str]]:
    if row.checkpoint is None:
        return
    try:
        checkpoint, note = open_checkpoint(row.checkpoint, policy.key)
    except VerificationError as error:
        yield "checkpoint", f"{error.code}: {error.detail}"
        return
    if checkpoint.head != row.facts.head:
        yield "checkpoint", "it is of another head than the one anchored"
    keys = {witness.name: witness.key for witness in other_witnesses(policy)}
    for name, line in row.cosignatures.items():
        if name not in keys:
            continue
        try:
            check_cosignature(parse_note(f"{note.text}\n{line.rstrip()}\n"), keys[name])
        except VerificationError as error:
            yield "cosignature", f"{name}: {error.code}"
    if row.quorate != has_quorum(policy, row):
        yield "quorate", "it does not say what its cosignatures say"
