"""Three regions in one process: stores in files, a model chain, peers that call each other directly."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass, field
from itertools import count

from ledger import tree
from ledger.anchoring import Anchorer
from ledger.errors import UnavailableError
from ledger.merkle.checkpoint import Checkpoint, sign_checkpoint
from ledger.merkle.hashing import leaf_hash
from ledger.merkle.leaf import Leaf, encode_leaf
from ledger.merkle.note import COSIGNATURE_KEY, LOG_KEY
from ledger.mirroring import AnchorBook, Follower, Mirror, Witness
from ledger.ports import Append, FedStatement, Identifier, LeafRow, RecordKey, StatementRow, TileRow
from ledger.records.read import glance
from ledger.sharing import PUBLIC, Reader, Right
from ledger.statement import base64url
from ledger.statement.certificates import kid_hex
from ledger.statement.jws import sign_key_proof
from ledger.statement.sdjwt import Claims, Source, issue, open_slots, parse
from ledger.store import SqliteStore
from ledger.testing.kit import Authority, Firm, NoteKey, uscc_of
from ledger.values import Millis, Origin, StatementId, TreeHead, witness_name
from ledger.verify.logpolicy import LogPolicy
from tests.unit.anchoring.model_chain import ModelChain, ModelWorld
from tests.unit.anchoring.support import NETWORK, HandClock, MemoryLock, StopTasks

NAMES = ("beijing", "tianjin", "hebei")
CA = Authority("DEMO CA")
REGISTRAR = CA.admit("registrar", uscc_of(1))
CARRIER = CA.admit("carrier", uscc_of(2))
BROKER = CA.admit("broker", uscc_of(3), "Ed25519")
_numbers = count(1)


def origin_of(region: str, epoch: int = 1) -> Origin:
    return Origin(NETWORK, region, epoch)


def policies() -> dict[Origin, LogPolicy]:
    return {
        origin_of(region): LogPolicy(
            origin_of(region),
            NoteKey(str(origin_of(region))).vkey(LOG_KEY),
            tuple(
                NoteKey(witness_name(NETWORK, other)).vkey(COSIGNATURE_KEY)
                for other in NAMES
                if other != region
            ),
            2,
            frozenset({REGISTRAR.kid_hex}),
        )
        for region in NAMES
    }


def salt(size: int) -> bytes:
    blocks = (hashlib.sha256(b"salt %d" % next(_numbers)).digest()[:16] for _ in range(size // 16))
    return b"".join(blocks)


def statement(
    region: str,
    author: Firm,
    kind: str,
    fields: dict,
    version: int = 1,
    prev: StatementId | None = None,
    aud: str | None = None,
) -> str:
    claims = Claims(
        iss=author.iss,
        aud=aud or f"{NETWORK}/{region}",
        jti=base64url.encode(hashlib.sha256(b"jti %d" % next(_numbers)).digest()[:16]),
        iat=1_772_409_600,
        kind=kind,
        schema=f"{kind}/1",
        version=version,
        prev=prev.hex() if prev else None,
        source=Source("test", "typed", "none"),
    )
    return issue(claims, fields, author, salt)


def registration(region: str, firm: Firm, kinds: list[str], by: Firm = REGISTRAR, **how) -> str:
    fields = {
        "key": f"OP:{firm.kid_hex}",
        "time": "2026-03-01T00:00:00Z",
        "uscc": firm.uscc,
        "name": firm.name,
        "status": how.pop("status", "active"),
        "kinds": kinds,
        "certificate": base64.b64encode(firm.certificate).decode(),
        "key_proof": sign_key_proof(firm, f"{NETWORK}/{region}", 1_772_409_600),
    }
    if "prev" in how:
        fields |= {"change": "amended", "reason": "suspended", "case_code": "OTHER"}
    return statement(region, by, "operator", fields, **how)


def bill(number: str, **more) -> dict:
    return {
        "key": f"BL:{number}",
        "time": "2026-03-03T13:00:00+08:00",
        "container": "DEMU0000016",
        "packages": 24,
        "gross_kg": "2104.0",
        "goods": "汽车零件",
        "consignee": uscc_of(9),
    } | more


@dataclass
class Posted:
    compact: str
    prev_index: int = -1
    received: int | None = None


@dataclass
class Region:
    """One region's node without HTTP; ``post`` stands for intake and sealing."""

    name: str
    store: SqliteStore
    world: ModelWorld
    clock: HandClock
    logs: dict[Origin, LogPolicy]
    lock: MemoryLock = field(default_factory=MemoryLock)
    down: bool = False
    leading: bool = True
    signed: dict[Origin, str] = field(default_factory=dict)
    hide: set[StatementId] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.origin = origin_of(self.name)
        self.key = NoteKey(str(self.origin))
        self.chain = ModelChain(self.world, self.name)
        self.world.owners[self.origin.log_id] = self.chain.account
        self.tasks = StopTasks(self.clock, 1)
        self.peers: list[LocalPeer] = []

    def connect(self, regions: list[Region]) -> None:
        self.peers = [LocalPeer(self, other) for other in regions if other is not self]
        self.start()

    def start(self) -> None:
        """What a process does when it starts: everything anew, but for the store and the lock."""
        common = {"store": self.store, "clock": self.clock, "tasks": self.tasks}
        book = AnchorBook(self.store)
        self.anchorer = Anchorer(
            origin=self.origin,
            chain=self.chain,
            head_lock=self.lock,
            identity=self.world.identity,
            **common,
        )
        self.follower = Follower(
            chain=self.chain,
            book=book,
            peers=self.peers,
            logs=self.logs,
            signers={self.origin: self.key},
            head_lock=self.lock,
            identity=self.world.identity,
            **common,
        )
        self.mirror = Mirror(
            region=self.name,
            peers=self.peers,
            logs=self.logs,
            cas=[CA.certificate],
            certificates=[REGISTRAR.certificate],
            **common,
        )
        self.witness = Witness(
            region=self.name,
            book=book,
            signer=NoteKey(witness_name(NETWORK, self.name)),
            logs=self.logs,
            newest_signed=self.signed.get,
            whole=self.is_whole,
            **common,
        )
        self.reader = Reader(
            network=NETWORK,
            region=self.name,
            store=self.store,
            clock=self.clock,
            logs=self.logs,
            certificates=[REGISTRAR.certificate],
            peers={},
            newest_signed=self.signed.get,
        )

    async def is_whole(self, origin: Origin) -> bool:
        return self.leading

    async def post(self, *posts: str | Posted) -> list[StatementId]:
        """Log statements as they are, right or wrong, and sign the head."""
        edge = await tree.load_frontier(self.store, self.origin)
        start = edge.size
        rows, leaves, tiles = [], [], []
        for index, one in enumerate(posts, start):
            posted = one if isinstance(one, Posted) else Posted(one)
            row = row_of(self.name, posted.compact)
            received = Millis(posted.received or self.clock.now())
            digest = leaf_hash(encode_leaf(Leaf(row.id, received, posted.prev_index)))
            rows.append(row)
            leaves.append(LeafRow(self.origin, index, row.id, received, posted.prev_index, digest))
            tiles += [
                TileRow(self.origin, t.level, t.index, t.root, t.data) for t in edge.append(digest)
            ]
        step = Append(self.origin, start, tuple(rows), tuple(leaves), tuple(tiles), True)
        async with self.store.transaction() as transaction:
            await transaction.append(step)
        head = TreeHead(edge.size, edge.root())
        self.lock.heads[self.origin] = head
        self.signed[self.origin] = sign_checkpoint(Checkpoint(str(self.origin), head), self.key)
        return [row.id for row in rows]

    async def anchors(self, origin: Origin):
        return await self.store.anchors(origin, 0, 10_000)


def row_of(region: str, compact: str) -> StatementRow:
    parsed = parse(compact)
    opened = open_slots(parsed)
    record = glance(parsed.claims.kind, opened.fields)
    assert record is not None
    return StatementRow(
        parsed.id,
        parsed.signed,
        opened.shown,
        region,
        RecordKey(parsed.claims.kind, parsed.claims.iss, record.key),
        parsed.claims.iss,
        parsed.claims.version,
        StatementId(bytes.fromhex(parsed.claims.prev)) if parsed.claims.prev else None,
        parsed.claims.jti,
        record.time,
        tuple(Identifier(one.type, one.value, one.follow) for one in record.identifiers),
    )


class LocalPeer:
    """ports.Peer that calls the other region's services, as the HTTP routes would."""

    def __init__(self, mine: Region, other: Region) -> None:
        self.mine = mine
        self.other = other
        self.asked = 0

    @property
    def region(self) -> str:
        return self.other.name

    def _check(self) -> Right:
        self.asked += 1
        if self.other.down:
            raise UnavailableError("peer_unavailable", f"{self.other.name} is down")
        return Right(peer=self.mine.name)

    async def feed(self, origin, start, count) -> list[FedStatement]:
        right = self._check()
        fed = await self.other.reader.feed(origin, start, count, right)
        return [
            FedStatement(one.leaf, b"", ())
            if StatementId(hashlib.sha256(one.signed.rpartition(b".")[0]).digest())
            in self.other.hide
            else one
            for one in fed
        ]

    async def signed_part(self, statement):
        right = self._check()
        if statement in self.other.hide or not await self.other.store.statement(statement):
            return None
        return await self.other.reader.signed_part(statement, right)

    async def checkpoint(self, origin, size=None):
        self._check()
        return await self.other.reader.checkpoint(origin, size)

    async def cosignature(self, origin, size):
        self._check()
        return await self.other.reader.cosignature(origin, size)

    async def time(self):
        self._check()
        return self.other.clock.now()

    async def send_checkpoint(self, note):
        self._check()
        await self.other.witness.compare(note)


__all__ = [
    "BROKER", "CA", "CARRIER", "NAMES", "PUBLIC", "REGISTRAR", "Posted", "Region", "bill",
    "kid_hex", "origin_of", "policies", "registration", "statement",
]  # fmt: skip
