"""What the services need from the world, as Protocols: every promise a store, chain or clock must keep.

Services take these as arguments and never reach for the world themselves, so that one and the same
service code runs against SQLite and a socket, and in a seeded simulation with neither.
"""

from __future__ import annotations

from collections.abc import Coroutine, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import Any, Protocol

from ledger.errors import ConflictError
from ledger.values import (
    AnchorFacts,
    ChainIdentity,
    Millis,
    Origin,
    Sealed,
    StatementId,
    TreeHead,
)

# --- time, randomness, tasks -----------------------------------------------------------------------


class Clock(Protocol):
    """Wall time and monotonic time."""

    def now(self) -> Millis:
        """Wall time."""

    def monotonic(self) -> float:
        """Seconds that never go back; for durations only."""


class Random(Protocol):
    """Unpredictable bytes (in a simulation: seeded)."""

    def bytes(self, n: int) -> bytes:
        """N bytes."""


class Tasks(Protocol):
    """Starting tasks, sleeping and time-outs; nothing else may use the event loop for these."""

    def spawn(self, name: str, work: Coroutine[Any, Any, None]) -> None:
        """Start work in the background; an error in it that nobody handles ends the process."""

    async def sleep(self, seconds: float) -> None:
        """Let others run for that long."""

    def timeout(self, seconds: float) -> AbstractAsyncContextManager[Any]:
        """Raise TimeoutError inside the block after that long."""


# --- keys ------------------------------------------------------------------------------------------


class Signer(Protocol):
    """Holds one Ed25519 private key under a C2SP key name; the key never leaves it."""

    @property
    def name(self) -> str:
        """C2SP key name."""

    @property
    def public_key(self) -> bytes:
        """32 bytes, raw Ed25519."""

    def sign(self, message: bytes) -> bytes:
        """64 bytes, raw Ed25519 over message."""


# --- head lock -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class HeadState:
    """What the head lock holds for a log: the head, or that it is missing or torn.

    ``moved``: the lock was kept beside another database than the one that is open now.
    """

    head: TreeHead | None
    torn: bool = False
    moved: bool = False


@dataclass(frozen=True, slots=True)
class LeaderToken:
    """Who leads a region's logs, as its holders remember it (docs/decisions/0004-holders.md).

    ``number`` grows with every start; ``mark`` (8 random bytes) tells two starts with one number apart;
    ``lock`` (16 bytes) names the head lock that the leader itself holds.
    """

    number: int
    mark: bytes
    lock: bytes


class HeadLock(Protocol):
    """The head of each log, kept outside the database and outside every backup (DESIGN D3).

    Beside the heads it remembers the leader of each region. A lock that is a copy of another one has no
    ``identity`` until it is claimed.
    """

    async def read(self, origin: Origin) -> HeadState:
        """The head last swapped in; ``head`` is None where there is none or it is torn."""

    async def swap(self, origin: Origin, old: TreeHead | None, new: TreeHead) -> None:
        """Move the head from old to new, durable on return.

        Raises FatalError(head_lock_moved) if the lock does not hold old: another node leads.
        """

    async def adopt(self, origin: Origin, head: TreeHead) -> None:
        """Set the head whatever the lock holds, once the other holders have shown that this is safe.

        The database that is open now is the one that the lock is kept beside from here on.
        """

    async def identity(self) -> bytes | None:
        """Name of this lock, 16 bytes; None where it was never claimed or is a copy of another lock."""

    async def claim(self, identity: bytes) -> None:
        """Make this lock one of its own under a new name, durable on return."""

    async def leader(self, origin: Origin) -> LeaderToken | None:
        """The leader of the log's region that was followed last."""

    async def follow(self, origin: Origin, leader: LeaderToken) -> None:
        """Remember the leader of the log's region, durable on return."""


# --- store -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class RecordKey:
    """Identity of a record within a region; none of the three ever changes."""

    kind: str
    issuer: str
    key: str


@dataclass(frozen=True, slots=True)
class Identifier:
    """A number a reader may search by: its type (``container``, ``bill`` …) and canonical text.

    ``follow`` says whether the dossier goes on from it to further records.
    """

    type: str
    value: str
    follow: bool = True


@dataclass(frozen=True, slots=True)
class StatementRow:
    """A statement as stored: its bytes once, and what can be re-derived from them for search and uniqueness.

    ``signed`` is ``header.payload.signature`` in ASCII; ``disclosures`` are the disclosures this node
    holds, each in its base64url form, in the order of the slots.
    """

    id: StatementId
    signed: bytes
    disclosures: tuple[str, ...]
    region: str
    record: RecordKey
    author: str
    version: int
    prev: StatementId | None
    jti: str
    event_time: Millis | None
    identifiers: tuple[Identifier, ...] = ()


@dataclass(frozen=True, slots=True)
class LeafRow:
    """A leaf of one log: its place, the statement it names, and the bytes that were hashed."""

    origin: Origin
    index: int
    statement: StatementId
    received: Millis
    prev_index: int
    hash: bytes


@dataclass(frozen=True, slots=True)
class TileRow:
    """A full tile (256 hashes, 8,192 bytes) and the root over it, which is an entry of the level above."""

    origin: Origin
    level: int
    index: int
    root: bytes
    data: bytes


@dataclass(frozen=True, slots=True)
class Append:
    """One durable step of a log: leaves, the statements they name, the tiles they complete.

    ``start`` is the log's size before; the store refuses anything else (FatalError log_moved).
    ``mirrored`` is true when the log is another region's: then a clash of record identity is noted as
    a finding instead of refused.
    """

    origin: Origin
    start: int
    statements: tuple[StatementRow, ...]
    leaves: tuple[LeafRow, ...]
    tiles: tuple[TileRow, ...]
    mirrored: bool = False


@dataclass(frozen=True, slots=True)
class Found:
    """A statement together with one place where it is logged."""

    statement: StatementRow
    leaf: LeafRow


@dataclass(frozen=True, slots=True)
class AnchorRow:
    """A head that an anchor event shows final on the chain, and what was collected for it.

    ``checkpoint`` is the signed note text of the log (None until had); ``cosignatures`` are note signature
    lines by witness key name; ``quorate`` is true once the policy's quorum is among them.
    """

    origin: Origin
    facts: AnchorFacts
    checkpoint: str | None = None
    cosignatures: dict[str, str] = field(default_factory=dict)
    quorate: bool = False


@dataclass(frozen=True, slots=True)
class OutboxRow:
    """A signed anchor transaction, stored before it is first sent."""

    origin: Origin
    head: TreeHead
    sender: bytes
    nonce: int
    raw: bytes
    hash: bytes
    done: bool = False


class Transaction(Protocol):
    """Reads and the one write of a group commit, inside one database transaction of the only writer."""

    async def size(self, origin: Origin) -> int:
        """Number of leaves of the log."""

    async def last_received(self, origin: Origin) -> Millis:
        """``received`` of the last leaf, 0 for an empty log."""

    async def find_ids(self, region: str, ids: Sequence[StatementId]) -> dict[StatementId, Found]:
        """Which of these statements are logged in this region, at their newest place."""

    async def find_jtis(
        self, region: str, jtis: Sequence[tuple[str, str]]
    ) -> dict[tuple[str, str], StatementId]:
        """Which (author, jti) pairs this region has seen."""

    async def find_newest(
        self, region: str, records: Sequence[RecordKey]
    ) -> dict[RecordKey, Found]:
        """The newest version of each of these records in this region."""

    async def append(self, step: Append) -> None:
        """Write the step; durable once the surrounding block has ended without an error."""

    async def put_sealed(self, origin: Origin, sealed: Mapping[StatementId, Sealed]) -> None:
        """Keep sealed disclosures of statements that are stored; what is kept already stays."""


class Store(Protocol):
    """One region's database: its own log and its mirrors of the others.

    Every read is consistent by itself. Errors at commit or fsync raise FatalError(store_failed).
    """

    @property
    def version(self) -> str:
        """Name and version of the database, for people."""

    async def identity(self) -> str | None:
        """Which database this is, told from its copies and its past; None where nothing tells that."""

    def transaction(self) -> AbstractAsyncContextManager[Transaction]:
        """One write transaction; commits durably at the end of the block, rolls back on an error."""

    async def origins(self) -> list[Origin]:
        """Every log held, own and mirrored."""

    async def size(self, origin: Origin) -> int:
        """Number of leaves held of the log."""

    async def leaf(self, origin: Origin, index: int) -> LeafRow | None:
        """One leaf."""

    async def leaves(self, origin: Origin, start: int, count: int) -> list[LeafRow]:
        """Leaves in order of index, at most count of them."""

    async def found(self, origin: Origin, start: int, count: int) -> list[Found]:
        """Leaves with their statements, in order of index."""

    async def tile(self, origin: Origin, level: int, index: int) -> bytes | None:
        """A full tile's 8,192 bytes, or None."""

    async def tile_roots(self, origin: Origin, level: int, start: int, count: int) -> list[bytes]:
        """Roots of consecutive full tiles of a level: the entries of the level above."""

    async def known(self, ids: Sequence[StatementId]) -> set[StatementId]:
        """Which of these statements are stored, from whichever log; cheap, for many at once."""

    async def statement(self, statement: StatementId) -> list[Found]:
        """A statement at every place where it is logged, newest epoch first; [] if unknown."""

    async def versions(self, region: str, record: RecordKey) -> list[Found]:
        """All versions of a record, oldest first."""

    async def search(
        self, identifier: Identifier, after: tuple[str, int] | None, limit: int
    ) -> list[Found]:
        """Statements that carry the identifier, ordered by (origin text, leaf index), after that place.

        A statement that is logged in several epochs is given at its newest place only. ``follow`` is not
        compared; an identifier of type '' matches any type.
        """

    async def by_author(
        self, author: str, after: tuple[str, int] | None, limit: int
    ) -> list[Found]:
        """Statements of one author in the region's own logs and mirrors, ordered as search."""

    async def sealed(
        self, origin: Origin, statements: Sequence[StatementId]
    ) -> dict[StatementId, Sealed]:
        """The sealed disclosures that are kept of these statements of a log."""

    async def put_anchor(self, row: AnchorRow) -> None:
        """Insert or replace what is known of an anchored head; key is (origin, size)."""

    async def anchors(self, origin: Origin, after_size: int, limit: int) -> list[AnchorRow]:
        """Anchored heads in order of size, size > after_size."""

    async def anchor(self, origin: Origin, size: int) -> AnchorRow | None:
        """The anchored head of exactly that size."""

    async def anchor_covering(self, origin: Origin, index: int, quorate: bool) -> AnchorRow | None:
        """The smallest anchored head with size > index (and with its quorum, if asked)."""

    async def newest_anchor(self, origin: Origin) -> AnchorRow | None:
        """The anchored head of the largest size."""

    async def drop_anchors(self, origin: Origin, above_size: int) -> int:
        """Forget anchored heads above that size (the chain was rolled back); how many."""

    async def put_outbox(self, row: OutboxRow) -> None:
        """Store a signed transaction, durable on return; unique by (sender, nonce, hash)."""

    async def outbox(self, sender: bytes) -> list[OutboxRow]:
        """The transactions of a sender that are not done, in order of nonce."""

    async def finish_outbox(self, sender: bytes, nonce: int) -> None:
        """Mark every transaction with that nonce done."""

    async def get_meta(self, name: str) -> str | None:
        """A small named value (chain identity, cursors)."""

    async def put_meta(self, name: str, value: str) -> None:
        """Set a small named value, durable on return."""

    async def add_evidence(self, kind: str, subject: str, body: str, at: Millis) -> None:
        """Keep a contradiction or finding for ever; the same (kind, subject, body) is kept once."""

    async def evidence(self, kind: str | None = None) -> list[tuple[str, str, str, Millis]]:
        """(kind, subject, body, at) of what was kept, oldest first."""

    async def close(self) -> None:
        """Release the database."""


# --- chain -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Block:
    """A block as far as anchoring needs it."""

    number: int
    hash: bytes
    time: Millis


@dataclass(frozen=True, slots=True)
class ChainHead:
    """What TreeHeadLedger keeps for a log; size 0 where nothing was anchored yet."""

    head: TreeHead
    time: Millis


@dataclass(frozen=True, slots=True)
class Receipt:
    """Outcome of a mined transaction."""

    ok: bool
    block_number: int
    block_hash: bytes


@dataclass(frozen=True, slots=True)
class SignedTransaction:
    """Raw bytes ready to send, and their hash."""

    raw: bytes
    hash: bytes


class Chain(Protocol):
    """The EVM chain, seen by one anchor account.

    Look-ups that fail raise UnavailableError(chain_unavailable).
    """

    @property
    def sender(self) -> bytes:
        """The anchor account's 20-byte address."""

    async def identity(self) -> ChainIdentity:
        """The identity the chain shows now; raises UnavailableError if it cannot be read."""

    async def final_block(self) -> Block:
        """The newest block that the confirmation policy counts as final."""

    async def block(self, number: int) -> Block:
        """The block of that number; raises UnavailableError where the chain has not come so far."""

    async def head(self, log_id: bytes) -> ChainHead:
        """The newest head TreeHeadLedger holds for the log."""

    async def nonce(self) -> int:
        """Number of mined transactions of the anchor account."""

    def sign_anchor(
        self, nonce: int, log_id: bytes, head: TreeHead, proof: Sequence[bytes]
    ) -> SignedTransaction:
        """Build and sign the anchor call; deterministic, sends nothing."""

    def sign_dearer(self, raws: Sequence[bytes], most: int) -> SignedTransaction | None:
        """The dearest of these transactions with more offered for its gas; None above ``most`` wei."""

    async def send(self, raw: bytes) -> None:
        """Broadcast; 'already known' and 'nonce too low' are no errors: the receipt decides."""

    async def receipt(self, transaction: bytes) -> Receipt | None:
        """The receipt, or None while unknown."""

    async def refusal(self, transaction: bytes) -> ConflictError | None:
        """Why a mined transaction failed; None if it did not, or is not mined."""

    async def anchors(self, from_block: int, to_block: int) -> list[AnchorFacts]:
        """Anchor events of all logs in these blocks (inclusive), in order."""


# --- peers -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class FedStatement:
    """What the home node feeds its mirrors for one leaf.

    The leaf line, the signed part, the disclosures that mirrors may hold, and the others sealed.
    """

    leaf: bytes
    signed: bytes
    disclosures: tuple[str, ...]
    sealed: Sealed | None = None


@dataclass(frozen=True, slots=True)
class Holding:
    """What a mirror holds of a log: the head in its lock, the leaves in its store, whom it follows."""

    head: TreeHead | None
    stored: TreeHead
    leader: LeaderToken | None


@dataclass(frozen=True, slots=True)
class Hold:
    """Leaves from ``start`` on for a mirror to store, before it moves its lock from ``old`` to ``new``."""

    leader: LeaderToken
    old: TreeHead | None
    new: TreeHead
    start: int
    leaves: tuple[FedStatement, ...]


class Peer(Protocol):
    """Another region's node. Failures to answer raise UnavailableError(peer_unavailable)."""

    @property
    def region(self) -> str:
        """The peer's region name."""

    async def feed(self, origin: Origin, start: int, count: int) -> list[FedStatement]:
        """Committed leaves of a log from that index, at most count; [] when there are none yet."""

    async def signed_part(self, statement: StatementId) -> bytes | None:
        """A statement's signed bytes, from any node that holds them."""

    async def checkpoint(self, origin: Origin, size: int | None = None) -> str | None:
        """A log's signed note: at an anchored size, or (None) the newest one anchored."""

    async def cosignature(self, origin: Origin, size: int) -> str | None:
        """The peer's own cosignature line on that log's anchored head, once it has cosigned."""

    async def time(self) -> Millis:
        """What the peer's clock says, to the second."""

    async def send_checkpoint(self, note: str) -> None:
        """Hand over a checkpoint for comparison (POST /checkpoints)."""

    async def held(self, origin: Origin) -> Holding:
        """What the peer holds of a log."""

    async def lead(self, origin: Origin, leader: LeaderToken) -> Holding:
        """Have the peer follow this leader of our region; what it holds then.

        Raises ConflictError(leader_replaced) where it follows a later one.
        """

    async def hold(self, origin: Origin, step: Hold) -> Holding:
        """Have the peer store leaves of our log and move its lock; what it holds then, durable.

        Raises ConflictError: leader_replaced, head_moved, hold_gap, copies_fork.
        """


# --- copies ----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class CopyState:
    """How far a mirror holds our open log; ``lag`` is the age in seconds of the first leaf it lacks."""

    size: int
    lag: float


@dataclass(frozen=True, slots=True)
class CopiesStatus:
    """How many copies an answer waits for, each mirror by region, and why intake is closed (or None)."""

    wanted: int
    mirrors: Mapping[str, CopyState] = field(default_factory=dict)
    code: str | None = None


class Copies(Protocol):
    """The other holders of this region's logs, the mirrors (setting ``copies``)."""

    @property
    def status(self) -> CopiesStatus:
        """How far the mirrors are."""

    def check(self) -> None:
        """Raises UnavailableError(copies_late) while too much is held by this node alone."""

    async def lead(self, origin: Origin, head: TreeHead) -> None:
        """Become, or stay, the one node that moves the heads of its region, whose log ends at ``head``.

        Raises UnavailableError where it may not for now (copies_missing, copies_ahead, copies_fork,
        head_lock_missing), FatalError(leader_replaced) where another node leads.
        """

    async def hold(self, origin: Origin, head: TreeHead) -> None:
        """Have a committed head held as often as the setting asks; to be called before anyone signs it.

        Raises UnavailableError(copies_missing) while the mirrors are silent; FatalError
        (leader_replaced, head_moved, copies_fork) where one of them knows better.
        """


# --- recovery --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Lack:
    """How a log of our own stands once everybody was asked for what this node has lost of it.

    ``held`` leaves are here; heads up to ``promised`` left the house, as far as anyone who answered
    remembers; ``silent`` names who did not answer. ``forgotten``: leaves came back that our own lock knew
    nothing of, and nothing else would know what was promised last. ``unknown``: no lock is here, and the
    chain, which would tell whether the log was ever begun, is silent.
    """

    held: int
    promised: int
    silent: tuple[str, ...] = ()
    forgotten: bool = False
    unknown: bool = False

    @property
    def missing(self) -> int:
        """Leaves that were promised and are not here."""
        return max(self.promised - self.held, 0)

    @property
    def lost(self) -> bool:
        """Everybody was asked, and nobody holds what is missing."""
        return self.missing > 0 and not self.silent


class Recovery(Protocol):
    """Brings back what this node's database has lost of its own logs."""

    async def bring_back(self, origin: Origin, locked: TreeHead | None) -> Lack:
        """Store what the mirrors hold beyond our own database, once it is proven; what still lacks.

        ``locked`` is what the own head lock remembers. Nobody else may write the log meanwhile.

        Raises UnavailableError(store_unavailable, row_unreadable).
        """


def forgotten_name(origin: Origin) -> str:
    """Name in the store's meta of the mark that a log came back further than its lock remembered."""
    return f"lock-forgot/{origin}"
