"""Signed statements, made once and posted in every seed: signing is the slow part of a simulation."""

import base64
import hashlib
from dataclasses import dataclass, field
from functools import lru_cache

from ledger.statement import base64url
from ledger.statement.claims import Claims, Source
from ledger.statement.issuing import issue
from ledger.statement.jws import sign_key_proof
from ledger.statement.signing import P256_ORDER
from ledger.testing.kit import Authority, Firm, uscc_of

NETWORK = "demo-51111111"
REGIONS = ("beijing", "tianjin", "hebei")
CA = Authority("SIMULATION CA")
REGISTRARS = {
    name: CA.admit(f"registrar of {name}", uscc_of(number))
    for name, number in zip(REGIONS, (35, 43, 51), strict=True)
}
FIRMS = (CA.admit("importer", uscc_of(19)), CA.admit("carrier", uscc_of(27), "Ed25519"))
_ISSUED = 1_772_409_600
_SOURCE = Source("simulation", "typed", "invented")


@dataclass(frozen=True)
class Post:
    """A statement as authors post it.

    Attributes:
        region: where it is meant to go.
        compact: its text.
        record: the record it is a version of.
        version: which one.
        rival: whether another statement claims the same version of the record.
        before: id of the version before.
    """

    region: str
    compact: str
    record: str
    version: int
    rival: bool = False
    before: str | None = None
    id: str = field(init=False)

    def __post_init__(self) -> None:
        signing_input = self.compact.partition("~")[0].rpartition(".")[0]
        object.__setattr__(self, "id", hashlib.sha256(signing_input.encode()).hexdigest())


@dataclass(frozen=True)
class Record:
    """One record's statements: its versions, and others that claim to be version 1 and 2 too."""

    versions: tuple[Post, ...]
    rivals: tuple[Post, ...]


@lru_cache(maxsize=4096)
def record(region: str, number: int) -> Record:
    """A record of a region; its statements are the same in every process."""
    firm = FIRMS[number % len(FIRMS)]
    first = _document(region, firm, number, 1, None, "")
    versions = [first]
    for version in (2, 3):
        versions.append(_document(region, firm, number, version, versions[-1].id, ""))
    rivals = [
        _document(region, firm, number, version, prev, "rival")
        for version, prev in ((1, None), (2, first.id))
    ]
    return Record(tuple(versions), tuple(rivals))


@lru_cache(maxsize=64)
def registrations(region: str) -> tuple[Post, ...]:
    """What a region's registrar posts first: who may post here."""
    return tuple(_registration(region, firm) for firm in FIRMS)


def twin(post: Post) -> Post | None:
    """The same statement with the other signature that fits (r, n-s); None for Ed25519."""
    signed, tilde, rest = post.compact.partition("~")
    signing_input, _, signature = signed.rpartition(".")
    header = base64url.decode(signing_input.partition(".")[0])
    if b"ES256" not in header:
        return None
    raw = base64url.decode(signature)
    high = P256_ORDER - int.from_bytes(raw[32:], "big")
    other = base64url.encode(raw[:32] + high.to_bytes(32, "big"))
    return Post(
        post.region, f"{signing_input}.{other}{tilde}{rest}", post.record, post.version,
        post.rival, post.before,
    )  # fmt: skip


def _document(
    region: str, firm: Firm, number: int, version: int, prev: str | None, salt: str
) -> Post:
    name = f"{region}/{number}"
    digest = hashlib.sha256(name.encode()).hexdigest()
    fields = {
        "key": f"DOC:{digest}",
        "time": "2026-03-01T09:00:00+08:00",
        "sha256": digest,
        "size": number,
        "media_type": "text/plain",
        "document_type": "contract",
        "bill": f"SIM{number // 5:08d}",
    }
    if version > 1:
        fields |= {"change": "amended", "reason": f"version {version}", "case_code": "tax"}
    compact = _issue(firm, region, "document", fields, version, prev, f"{name}/{version}/{salt}")
    return Post(region, compact, name, version, salt != "", prev)


def _registration(region: str, firm: Firm) -> Post:
    fields = {
        "key": f"OP:{firm.kid_hex}",
        "time": "2026-03-01T00:00:00Z",
        "uscc": firm.uscc,
        "name": firm.name,
        "status": "active",
        "kinds": ["document"],
        "certificate": base64.b64encode(firm.certificate).decode(),
        "key_proof": sign_key_proof(firm, f"{NETWORK}/{region}", _ISSUED),
    }
    name = f"{region}/{firm.name}"
    compact = _issue(REGISTRARS[region], region, "operator", fields, 1, None, name)
    return Post(region, compact, name, 1)


def _issue(
    signer: Firm, region: str, kind: str, fields: dict, version: int, prev: str | None, name: str
) -> str:
    drawn = 0

    def draw(size: int) -> bytes:
        nonlocal drawn
        drawn += 1
        return hashlib.shake_256(f"{name} {drawn}".encode()).digest(size)

    claims = Claims(
        iss=signer.iss,
        aud=f"{NETWORK}/{region}",
        jti=base64url.encode(draw(16)),
        iat=_ISSUED,
        kind=kind,
        schema=f"{kind}/1",
        version=version,
        prev=prev,
        source=_SOURCE,
    )
    return issue(claims, fields, signer, draw)
