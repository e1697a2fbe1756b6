"""Operator records as this node holds them: who a key belongs to, and what it may post."""

from __future__ import annotations

from collections.abc import Collection

from ledger.errors import VerificationError
from ledger.ports import Found, Identifier
from ledger.sharing.holdings import Holdings
from ledger.statement.certificates import CertificateFacts, kid_hex, read_certificate
from ledger.statement.operator import ACTIVE, KIND, read_operator
from ledger.statement.sdjwt import Statement, join, parse

_MOST_VERSIONS = 200


async def registrations(holdings: Holdings, region: str, kid: str) -> list[Found]:
    """Operator records for a kid (base64url) in the logs of a region, in order of place.

    Raises:
        VerificationError: kid_malformed.
    """
    carried = Identifier("kid", kid_hex(kid))
    found = await holdings.search(carried, None, _MOST_VERSIONS)
    mine = [one for one in found if one.leaf.origin.region == region]
    return sorted(mine, key=lambda one: (one.leaf.origin.epoch, one.leaf.index))


def parsed_operator(found: Found) -> Statement | None:
    """The statement, if it can be read and is an operator record."""
    try:
        statement = parse(join(found.statement.signed, found.statement.disclosures))
    except VerificationError:
        # Altered bytes: whoever needs this record is refused by the checks that miss it.
        return None
    return statement if statement.claims.kind == KIND else None


async def registered_key(
    holdings: Holdings, audience: str, registrars: Collection[str], kid: str
) -> CertificateFacts:
    """The key of a firm that is registered and active in the region of the audience.

    Raises:
        VerificationError: key_unknown.
    """
    region = audience.split("/")[1]
    newest: Statement | None = None
    for found in await registrations(holdings, region, kid):
        statement = parsed_operator(found)
        # Others may post records that name a kid; a registrar's alone say whose it is.
        if statement is not None and kid_hex(statement.kid) in registrars:
            newest = statement
    if newest is not None:
        operator = read_operator(newest)
        if operator.status == ACTIVE and operator.kid == kid:
            return read_certificate(operator.certificate)
    raise VerificationError("key_unknown", "no active operator record names this key", "/kid")
