"""The rules a mirrored record should keep; a breach is evidence and never stops the mirror."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from ledger.errors import VerificationError
from ledger.mirroring.feeding import Fed
from ledger.mirroring.registrations import Registrations
from ledger.ports import Found, LeafRow
from ledger.records.amending import may_follow, role_amends
from ledger.statement.certificates import check_certificate, kid_hex
from ledger.statement.operator import KIND as OPERATOR
from ledger.statement.operator import Operator
from ledger.statement.sdjwt import Statement, check_signature
from ledger.verify.logpolicy import LogPolicy


@dataclass(frozen=True, slots=True)
class Breach:
    """What is wrong with a mirrored record; ``code`` is stable."""

    code: str
    detail: str


def newest_before(places: Iterable[Found], leaf: LeafRow) -> Found | None:
    """Where a statement stood last when a leaf of its region was logged, or None.

    ``places`` come newest epoch first. A turn of the log may have logged both again since: an old leaf
    cannot have named a place in a later log.
    """
    here = (leaf.origin.epoch, leaf.index)
    for found in places:
        origin = found.leaf.origin
        if origin.region == leaf.origin.region and (origin.epoch, found.leaf.index) < here:
            return found
    return None


class RecordRules:
    """Checks one statement of a mirrored log.

    Args:
        cas: trusted CA certificates, DER.
        certificates: registrars' certificates and intermediates, by kid (base64url).
        registrations: who may post what, as mirrored before.
    """

    def __init__(
        self, cas: Sequence[bytes], certificates: Mapping[str, bytes], registrations: Registrations
    ) -> None:
        self._cas = cas
        self._certificates = certificates
        self._registrations = registrations

    async def check(self, log: LogPolicy, fed: Fed, before: Found | None) -> list[Breach]:
        """Every breach of this record.

        ``before`` is the version that it names as its predecessor, where it stood last before this leaf.
        """
        statement = fed.statement
        if statement is None:
            return [Breach("statement_malformed", "the signed part is not of the format")]
        breaches = []
        meant = f"{log.origin.network}/{log.origin.region}"
        if statement.claims.aud != meant:
            breaches.append(Breach("audience_wrong", f"meant for {statement.claims.aud}"))
        operator = await self._registrations.of(log, statement.kid)
        breaches += _check_version(fed, statement, before)
        breaches += self._check_author(log, fed, statement, before, operator)
        return breaches

    def _check_author(
        self,
        log: LogPolicy,
        fed: Fed,
        statement: Statement,
        before: Found | None,
        operator: Operator | None,
    ) -> list[Breach]:
        try:
            der = self._certificate(log, statement, before, operator)
            others = tuple(self._certificates.values())
            check_certificate(der, others, self._cas, fed.place.received, statement.claims.iss)
            check_signature(statement, der)
        except VerificationError as error:
            return [Breach(error.code, error.detail)]
        return []

    def _certificate(
        self,
        log: LogPolicy,
        statement: Statement,
        before: Found | None,
        operator: Operator | None,
    ) -> bytes:
        """The author's certificate, once its right to post this is established."""
        kind = statement.claims.kind
        if kind == OPERATOR:
            der = self._certificates.get(statement.kid)
            if der is None or kid_hex(statement.kid) not in log.registrars:
                raise VerificationError(
                    "registrar_unlisted", "not signed by a registrar of the log"
                )
            return der
        if operator is None:
            raise VerificationError("operator_absent", "the key was not registered before")
        if not operator.may_post(kind):
            raise VerificationError("operator_kind", f"not registered for {kind}")
        amends_others = role_amends(kind, operator.kinds)
        if before is not None and not may_follow(
            statement.claims.iss, before.statement.record.issuer, amends_others=amends_others
        ):
            raise VerificationError("operator_kind", f"not registered to amend another's {kind}")
        return operator.certificate


def _check_version(fed: Fed, statement: Statement, before: Found | None) -> list[Breach]:
    claims, place = statement.claims, fed.place
    if claims.version == 1:
        wrong = place.prev_index != -1
        return [Breach("leaf_prev", "version 1 follows nothing")] if wrong else []
    if before is None:
        return [Breach("version_unknown", f"no statement {claims.prev} in this region")]
    breaches = []
    row = before.statement
    if claims.version != row.version + 1 or claims.kind != row.record.kind:
        breaches.append(
            Breach("version_skips", f"follows version {row.version} of {row.record.kind}")
        )
    same_log = before.leaf.origin == place.origin
    if place.prev_index != (before.leaf.index if same_log else -1):
        breaches.append(Breach("leaf_prev", "the leaf names another place for the version before"))
    return breaches
