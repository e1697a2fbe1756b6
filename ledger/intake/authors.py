"""Whose key signed a statement, and what that key may post here (DESIGN D1, *Who may post*)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

from ledger.errors import ForbiddenError, VerificationError
from ledger.ports import Found, Identifier, StatementRow, Store
from ledger.statement.certificates import CertificateFacts, kid_hex, kid_of, read_certificate
from ledger.statement.operator import ACTIVE, KIND, Operator, read_operator
from ledger.statement.sdjwt import join, parse

_PAGE = 200
_MAX_KEPT = 20_000
_AT_ONCE = 2


@dataclass(frozen=True, slots=True)
class Author:
    """A key that is known here; ``kinds`` are those it may post, ``certificate`` is DER."""

    facts: CertificateFacts
    certificate: bytes
    kinds: frozenset[str]
    registrar: bool


class Authors:
    """Looks up keys among registrars and the operator records of this region; remembers what it found."""

    def __init__(
        self,
        region: str,
        store: Store,
        registrars: Callable[[], Collection[str]],
        certificates: Sequence[bytes],
    ) -> None:
        self._region = region
        self._store = store
        self._registrars = registrars
        self._certificates = {kid_hex(kid_of(der)): der for der in certificates}
        self._kept: dict[str, Operator] = {}
        self._changes = 0
        self._turns = asyncio.Semaphore(_AT_ONCE)

    async def find(self, kid: str) -> Author:
        """The author with this key (kid in base64url).

        Raises:
            ForbiddenError: key_unknown, operator_suspended.
            VerificationError: kid_malformed.
        """
        name = kid_hex(kid)
        registrar = self._certificates.get(name) if name in self._registrars() else None
        operator = await self._operator(name)
        if registrar is not None:
            kinds = operator.kinds if operator and operator.status == ACTIVE else frozenset[str]()
            return Author(read_certificate(registrar), registrar, kinds | {KIND}, registrar=True)
        if operator is None:
            raise ForbiddenError(
                "key_unknown", "no operator record of this region names this key", "/header/kid"
            )
        if operator.status != ACTIVE:
            raise ForbiddenError("operator_suspended", "this key may not post", "/header/kid")
        facts = read_certificate(operator.certificate)
        # A firm cannot register firms, whatever its operator record lists.
        return Author(facts, operator.certificate, operator.kinds - {KIND}, registrar=False)

    def sealed(self, rows: Sequence[StatementRow]) -> None:
        """Forget what these newly logged statements may have changed."""
        for row in rows:
            if row.record.kind == KIND:
                self._changes += 1
                self._kept.pop(row.record.key.removeprefix("OP:"), None)

    async def _operator(self, name: str) -> Operator | None:
        kept = self._kept.get(name)
        if kept is not None:
            return kept
        # A flood of keys that nobody knows must not crowd out those who are known.
        async with self._turns:
            if (kept := self._kept.get(name)) is not None:
                return kept
            changes = self._changes
            operator = await self._read(name)
        # A record sealed while this was reading may be the one that suspends the key.
        if operator is not None and changes == self._changes:
            if len(self._kept) >= _MAX_KEPT:
                self._kept.clear()
            self._kept[name] = operator
        return operator

    async def _read(self, name: str) -> Operator | None:
        registrars = self._registrars()
        newest: tuple[tuple[int, int], Operator] | None = None
        for found in await self._records(name):
            place = (found.leaf.origin.epoch, found.leaf.index)
            row = found.statement
            if found.leaf.origin.region != self._region or row.record.kind != KIND:
                continue
            statement = parse(join(row.signed, row.disclosures))
            if kid_hex(statement.kid) in registrars and (newest is None or place > newest[0]):
                newest = (place, read_operator(statement))
        if newest is None or kid_hex(newest[1].kid) != name:
            return None
        return newest[1]

    async def _records(self, name: str) -> list[Found]:
        wanted, found = Identifier("kid", name), list[Found]()
        while True:
            last = found[-1].leaf if found else None
            after = None if last is None else (str(last.origin), last.index)
            page = await self._store.search(wanted, after, _PAGE)
            found += page
            if len(page) < _PAGE:
                return found


def refused(error: VerificationError) -> ForbiddenError:
    """A check of key, certificate or signature that failed, as the answer to a post."""
    return ForbiddenError(error.code, error.detail, error.path)
