"""Who may post in a mirrored log, by the operator records mirrored before."""

from __future__ import annotations

from collections.abc import Mapping

from ledger.errors import VerificationError
from ledger.mirroring.feeding import Fed
from ledger.ports import Found, Identifier, Store
from ledger.statement.certificates import kid_hex
from ledger.statement.operator import KIND, Operator, read_operator
from ledger.statement.sdjwt import Statement, check_signature, join, parse
from ledger.verify.logpolicy import LogPolicy

_MOST_VERSIONS = 200
_MOST_KEYS = 10_000


class Registrations:
    """The newest operator record for each key and region, read once and kept current by ``add``.

    Args:
        certificates: registrars' certificates, by kid (base64url).
    """

    def __init__(self, store: Store, certificates: Mapping[str, bytes]) -> None:
        self._store = store
        self._certificates = certificates
        self._known: dict[tuple[str, str], Operator | None] = {}

    async def of(self, log: LogPolicy, kid: str) -> Operator | None:
        """The registration of a key (base64url) in the region of a log, or None."""
        name = (log.origin.region, kid)
        if name not in self._known:
            if len(self._known) >= _MOST_KEYS:
                self._known.clear()
            self._known[name] = await self._read(log, kid)
        return self._known[name]

    def add(self, log: LogPolicy, fed: Fed) -> None:
        """Take notice of a statement that was just mirrored, if it is an operator record."""
        operator = None if fed.statement is None else self._operator(log, fed.statement)
        if operator is not None:
            self._known[(log.origin.region, operator.kid)] = operator

    async def _read(self, log: LogPolicy, kid: str) -> Operator | None:
        try:
            wanted = Identifier("kid", kid_hex(kid))
        except VerificationError:
            return None
        newest: Operator | None = None
        for found in sorted(await self._store.search(wanted, None, _MOST_VERSIONS), key=_place):
            if found.leaf.origin.region == log.origin.region:
                newest = self._parsed(log, found) or newest
        return newest

    def _parsed(self, log: LogPolicy, found: Found) -> Operator | None:
        try:
            statement = parse(join(found.statement.signed, found.statement.disclosures))
        except VerificationError:
            return None
        return self._operator(log, statement)

    def _operator(self, log: LogPolicy, statement: Statement) -> Operator | None:
        if statement.claims.kind != KIND or kid_hex(statement.kid) not in log.registrars:
            return None
        der = self._certificates.get(statement.kid)
        if der is None:
            return None
        try:
            check_signature(statement, der)
            return read_operator(statement)
        except VerificationError:
            # A broken registration registers nobody; its own breach was kept when it came.
            return None


def _place(found: Found) -> tuple[int, int]:
    return found.leaf.origin.epoch, found.leaf.index
