"""From a row to a statement: checked by the rules of its kind first, then signed."""

from __future__ import annotations

from ledger.cli.access import Door
from ledger.cli.rows import Row
from ledger.records.read import read_record
from ledger.records.registry import kind_of
from ledger.statement import base64url
from ledger.statement.claims import Claims
from ledger.statement.issuing import issue

_JTI_SIZE = 16


def draft(row: Row, door: Door, issuer: str) -> Claims:
    """The claims of the row's statement; checks the row as its region will.

    Raises:
        InputError: with the path of the claim or field.
    """
    region = door.network.region(row.region)
    claims = Claims(
        iss=issuer,
        aud=f"{door.network.name}/{region.name}",
        jti=base64url.encode(door.random.bytes(_JTI_SIZE)),
        iat=door.clock.now() // 1000,
        kind=row.kind,
        schema=kind_of(row.kind).schema,
        version=row.version,
        prev=row.prev,
        source=row.source,
    )
    read_record(claims, row.fields)
    return claims


def sign(row: Row, door: Door, issuer: str) -> str:
    """The row as a signed statement in compact form; raises InputError as ``draft``."""
    return issue(draft(row, door, issuer), row.fields, door.signer, door.random.bytes)
