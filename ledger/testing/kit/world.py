"""Three regions in memory that post, log, cosign and hand out bundles; the same bytes in every run."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from ledger.bundle import Asked, Bundle, Evidence
from ledger.merkle.leaf import Leaf, encode_leaf
from ledger.statement import base64url
from ledger.statement.issuing import Value, issue
from ledger.statement.jws import sign_key_proof
from ledger.statement.sdjwt import Claims, Path, Source, parse, present
from ledger.testing.kit.logs import KitLog
from ledger.testing.kit.people import Authority, Firm, uscc_of
from ledger.values import AnchorFacts, ChainIdentity, Millis, Origin, TreeHead
from ledger.verify.logpolicy import LogPolicy
from ledger.verify.policy import DEFAULT_REQUIRED, Policy
from ledger.verify.reading import ChainReading

START = 1_772_409_600
"""2026-03-02T00:00:00Z in seconds: when the kit's world begins."""

REGIONS = ("beijing", "tianjin", "hebei")


@dataclass(frozen=True)
class Posted:
    """A statement and its place."""

    log: KitLog
    index: int
    compact: str

    @property
    def id(self) -> str:
        """The statement's id in hex."""
        return parse(self.compact).id.hex()


class World:
    """A network of regions with one CA, a registrar per region, and a chain that is only a table."""

    def __init__(self, network: str = "demo-5eed5eed", regions: Sequence[str] = REGIONS) -> None:
        self.network = network
        self.authority = Authority("Kit CA")
        self.logs = {name: [KitLog(Origin(network, name, 1))] for name in regions}
        self.registrars = {
            name: self.authority.admit(f"Registrar of {name}", uscc_of(900 + i))
            for i, name in enumerate(regions)
        }
        self.closed: dict[str, TreeHead] = {}
        self._time = START
        self._drawn = 0

    # --- making

    def firm(self, name: str, number: int, alg: str = "ES256") -> Firm:
        """A firm with a certificate of the network's CA."""
        return self.authority.admit(name, uscc_of(number), alg)

    def salt(self, size: int) -> bytes:
        """Bytes that differ each time but are the same in every run."""
        self._drawn += 1
        return hashlib.shake_256(f"salt {self._drawn}".encode()).digest(size)

    def claims(
        self, region: str, author: Firm, kind: str, version: int = 1, prev: str | None = None
    ) -> Claims:
        """Claims of the next statement."""
        return Claims(
            iss=author.iss,
            aud=f"{self.network}/{region}",
            jti=base64url.encode(self.salt(16)),
            iat=self._time,
            kind=kind,
            schema=f"{kind}/1",
            version=version,
            prev=prev,
            source=Source("kit", "typed", "example"),
        )

    def post(
        self,
        region: str,
        author: Firm,
        kind: str,
        fields: Mapping[str, Value],
        *,
        before: Posted | None = None,
        log: KitLog | None = None,
    ) -> Posted:
        """Sign a statement and log it; ``before`` is the record's version before."""
        version = 1 if before is None else parse(before.compact).claims.version + 1
        claims = self.claims(region, author, kind, version, before.id if before else None)
        return self.append(
            issue(claims, fields, author, self.salt), log or self.log(region), before
        )

    def append(self, compact: str, log: KitLog, before: Posted | None = None) -> Posted:
        """Log a statement whatever it says, as a region that checks nothing would."""
        self._time += 60
        prev = before.index if before is not None and before.log is log else -1
        return self.append_leaf(compact, log, Leaf(parse(compact).id, self._time * 1000, prev))

    def append_leaf(self, compact: str, log: KitLog, leaf: Leaf) -> Posted:
        """Log a leaf as it is given."""
        log.leaves.append(encode_leaf(leaf))
        return Posted(log, len(log.leaves) - 1, compact)

    def register(
        self,
        region: str,
        firm: Firm,
        kinds: Sequence[str],
        *,
        status: str = "active",
        before: Posted | None = None,
        registrar: Firm | None = None,
    ) -> Posted:
        """Log an operator record for a firm."""
        fields: dict[str, Value] = {
            "key": f"OP:{firm.kid_hex}",
            "time": "2026-03-02T08:00:00+08:00",
            "uscc": firm.uscc,
            "name": firm.name,
            "status": status,
            "kinds": list(kinds),
            "certificate": base64.b64encode(firm.certificate).decode(),
            "key_proof": sign_key_proof(firm, f"{self.network}/{region}", START),
        }
        if before is not None:
            fields |= {"change": "amended", "reason": "example", "case_code": "EX-1"}
        author = registrar or self.registrars[region]
        return self.post(region, author, "operator", fields, before=before)

    def fill(self, region: str, count: int) -> None:
        """Log leaves that nobody asks about."""
        log = self.log(region)
        for _ in range(count):
            self._time += 1
            filler = hashlib.sha256(f"filler {log.origin} {len(log.leaves)}".encode()).digest()
            log.leaves.append(encode_leaf(Leaf(filler, self._time * 1000, -1)))

    def log(self, region: str) -> KitLog:
        """The region's open log."""
        return self.logs[region][-1]

    def close(self, region: str, size: int) -> KitLog:
        """Close the region's log at a size; gives the log of the next epoch."""
        old = self.log(region)
        self.closed[str(old.origin)] = old.head(size)
        self.logs[region].append(KitLog(old.origin.next_epoch()))
        return self.log(region)

    # --- handing out

    def witnesses(self, log: KitLog, size: int) -> dict[str, int]:
        """Times at which the other regions cosign a size: one minute apart, after the newest leaf."""
        others = [name for name in self.logs if name != log.origin.region]
        base = START + 100_000 + size * 600
        return {name: base + 60 * i for i, name in enumerate(others)}

    def evidence(
        self,
        posted: Posted,
        *,
        size: int | None = None,
        cosigned: Mapping[str, int] | None = None,
        wanted: Callable[[Path], bool] | None = None,
        anchored: bool = True,
    ) -> Evidence:
        """Evidence under the log's checkpoint of that size (all of it), with all witnesses."""
        log = posted.log
        size = len(log.leaves) if size is None else size
        cosigned = self.witnesses(log, size) if cosigned is None else cosigned
        compact = posted.compact
        if wanted is not None:
            compact = present(parse(compact), wanted)
        return Evidence(
            statement=compact,
            leaf=log.leaves[posted.index].decode(),
            proof=log.proof(posted.index, size, log.checkpoint(size, cosigned)),
            anchor=log.anchor(size) if anchored else None,
        )

    def bundle(
        self,
        records: Sequence[Evidence],
        operators: Sequence[Evidence],
        *,
        asked: Asked | None = None,
    ) -> Bundle:
        """A bundle with the registrars' certificates."""
        certificates = tuple(firm.certificate for firm in self.registrars.values())
        return Bundle(tuple(records), tuple(operators), certificates, asked)

    # --- judging

    @property
    def identity(self) -> ChainIdentity:
        """The kit's chain."""
        digest = hashlib.sha256(f"chain {self.network}".encode()).digest()
        return ChainIdentity(131277322940537, digest, 3, digest[::-1], digest[:20], digest)

    def policy(self, quorum: int = 2, required: Sequence[str] = DEFAULT_REQUIRED) -> Policy:
        """What a verifier in this world trusts."""
        logs = [self._log_policy(log, quorum) for epochs in self.logs.values() for log in epochs]
        return Policy(
            self.network,
            self.identity,
            hashlib.sha256(b"registry").digest()[:20],
            (self.authority.certificate,),
            tuple(logs),
            tuple(required),
        )

    def _log_policy(self, log: KitLog, quorum: int) -> LogPolicy:
        region = log.origin.region
        return LogPolicy(
            origin=log.origin,
            key=log.vkey,
            witnesses=tuple(log.witness_vkey(name) for name in self.logs if name != region),
            quorum=quorum,
            registrars=frozenset({self.registrars[region].kid_hex}),
            closed=self.closed.get(str(log.origin)),
        )

    def reading(self, rpc: str = "http://127.0.0.1:8545") -> ChainReading:
        """What the kit's chain answers about every size of every log."""
        events: dict[tuple[bytes, int], AnchorFacts | None] = {}
        for epochs in self.logs.values():
            for log in epochs:
                for size in range(1, len(log.leaves) + 1):
                    facts = log.facts(size, Millis((START + 90_000 + size * 600) * 1000))
                    events[facts.transaction, facts.log_index] = facts
        return ChainReading(rpc, self.identity, events)
