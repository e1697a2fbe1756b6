"""Signed statements of demo parties, and an intake that knows a registrar."""

import base64
import hashlib
from dataclasses import dataclass, replace

from ledger.intake import Admitted, Intake
from ledger.keys.author import AuthorKey
from ledger.keys.demo import demo_author, demo_ca
from ledger.ports import Append, LeafRow
from ledger.records.registry import kind_of
from ledger.statement.certificates import kid_hex, read_certificate
from ledger.statement.claims import Claims, Source
from ledger.statement.issuing import issue
from ledger.statement.jws import sign_key_proof
from ledger.statement.operator import operator_key
from ledger.values import Millis, Origin

NETWORK = "demo-1a2b3c4d"
ORIGIN = Origin(NETWORK, "beijing", 1)
AUDIENCE = f"{NETWORK}/beijing"
NOW = 1_772_409_600_000
REGISTRAR = demo_author("registrar", "91120000DEMT000296", "Registrar")
FIRM = demo_author("firm", "91110000DEMJ00011K", "Firm")


class HandClock:
    def __init__(self):
        self.wall, self.passed = NOW, 0.0

    def now(self):
        return Millis(self.wall)

    def monotonic(self):
        return self.passed


class Salts:
    """Different salts and jtis, the same ones in each run."""

    def __init__(self):
        self.used = 0

    def __call__(self, size):
        self.used += 1
        return hashlib.shake_256(str(self.used).encode()).digest(size)


SALTS = Salts()


def jti():
    return base64.urlsafe_b64encode(SALTS(16)).decode().rstrip("=")


def statement_by(key: AuthorKey, kind, fields, *, version=1, prev=None, aud=AUDIENCE, **claims):
    iss = read_certificate(key.certificate).iss
    given = Claims(
        iss, aud, jti(), NOW // 1000, kind, kind_of(kind).schema, version, prev,
        Source("test", "typed", "none"),
    )  # fmt: skip
    return issue(replace(given, **claims), fields, key, SALTS)


def document(name="a", **fields):
    digest = name.encode().hex().rjust(64, "0")
    return {
        "key": f"DOC:{digest}",
        "time": "2026-03-01T08:00:00+08:00",
        "sha256": digest,
        "size": 4,
        "media_type": "application/pdf",
        "document_type": "invoice",
        **fields,
    }


def posted_document(name="a", key=FIRM, **claims):
    return statement_by(key, "document", document(name), **claims)


CHANGE = {"change": "amended", "reason": "test", "case_code": "over_short"}


def operator(
    firm=FIRM, *, by=REGISTRAR, kinds=("document",), status="active", aud=AUDIENCE, **claims
):
    facts = read_certificate(firm.certificate)
    fields = {
        "key": operator_key(firm.kid),
        "time": "2026-03-01T08:00:00+08:00",
        "uscc": facts.uscc,
        "name": facts.name,
        "status": status,
        "kinds": list(kinds),
        "certificate": base64.b64encode(firm.certificate).decode(),
        "key_proof": sign_key_proof(firm, aud, NOW // 1000),
    }
    if claims.get("version", 1) > 1:
        fields |= CHANGE
    return statement_by(by, "operator", fields, aud=aud, **claims)


@dataclass
class Desk:
    """An intake over a store, and a way to log what it admitted without a sealer."""

    store: object
    clock: HandClock
    intake: Intake

    async def log(self, *admitted: Admitted, origin=ORIGIN):
        start = await self.store.size(origin)
        leaves = tuple(
            LeafRow(origin, index, one.row.id, Millis(NOW), -1, bytes(32))
            for index, one in enumerate(admitted, start)
        )
        rows = tuple(one.row for one in admitted)
        async with self.store.transaction() as transaction:
            await transaction.append(Append(origin, start, rows, leaves, ()))
        self.intake.sealed(rows)

    async def register(self, firm=FIRM, **changes):
        await self.log(await self.intake.accept(operator(firm, **changes)))


def desk(store, **settings) -> Desk:
    clock = HandClock()
    given = {
        "registrars": lambda: frozenset({kid_hex(REGISTRAR.kid)}),
        "certificates": [REGISTRAR.certificate],
        "cas": [demo_ca().certificate],
    } | settings
    intake = Intake(network=NETWORK, region="beijing", store=store, clock=clock, **given)
    return Desk(store, clock, intake)
