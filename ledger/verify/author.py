"""The author's signature and certificate, and where a bundle keeps the certificates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache

from ledger.errors import VerificationError
from ledger.statement import sdjwt
from ledger.statement.certificates import (
    MAX_INTERMEDIATES,
    check_certificate,
    kid_of,
    load_certificate,
)
from ledger.statement.sdjwt import Statement
from ledger.values import Millis
from ledger.verify.causes import REFUSALS, cause
from ledger.verify.receipt import Receipt
from ledger.verify.report import Check, State


class Certificates:
    """The certificates at hand, found by kid, and the intermediates that may lead to a CA."""

    def __init__(self, ders: Sequence[bytes]) -> None:
        self._by_kid: dict[str, bytes] = {kid_of(der): der for der in ders}
        self._issuers: dict[bytes, bytes] = {}
        for der in ders:
            names = _names_of(der)
            if names is not None:
                self._issuers[names[0]] = der

    def add(self, der: bytes) -> None:
        """Make an author's certificate known; it never serves as an intermediate."""
        self._by_kid[kid_of(der)] = der

    def of(self, kid: str) -> bytes | None:
        """The certificate with that kid (base64url)."""
        return self._by_kid.get(kid)

    def leading_from(self, der: bytes) -> tuple[bytes, ...]:
        """Certificates whose names chain up from this one.

        The checker takes only few intermediates, and a dossier brings those of many authors.
        """
        found: list[bytes] = []
        names = _names_of(der)
        while names is not None and len(found) < MAX_INTERMEDIATES:
            issuer = self._issuers.get(names[1])
            if issuer is None or issuer == der or issuer in found:
                break
            found.append(issuer)
            names = _names_of(issuer)
        return tuple(found)


@lru_cache(maxsize=4096)
def _names_of(der: bytes) -> tuple[bytes, bytes] | None:
    """Subject and issuer of a certificate, or None if it cannot be read."""
    try:
        certificate = load_certificate(der)
        return certificate.subject.public_bytes(), certificate.issuer.public_bytes()
    except (VerificationError, ValueError, TypeError):
        # A broken certificate in a bundle leads nowhere; whoever needed it is not trusted then.
        return None


def check_author(
    statement: Statement, receipt: Receipt, certificates: Certificates, cas: tuple[bytes, ...]
) -> tuple[Check, Check]:
    """The checks ``signature`` and ``certificate`` of a statement."""
    der = certificates.of(statement.kid)
    if der is None:
        facts = {"kid": statement.kid[:100]}
        return (
            Check("signature", State.UNKNOWN, "certificate_absent", facts),
            Check("certificate", State.UNKNOWN, "certificate_absent", facts),
        )
    try:
        sdjwt.check_signature(statement, der)
        signature = Check("signature", State.PASSED, "signature_holds", {"alg": statement.alg})
    except REFUSALS as error:
        signature = Check("signature", State.FAILED, "signature_invalid", cause(error))
    return signature, _check_certificate(statement, der, receipt, certificates, cas)


def _check_certificate(
    statement: Statement,
    der: bytes,
    receipt: Receipt,
    certificates: Certificates,
    cas: tuple[bytes, ...],
) -> Check:
    time = receipt.vouched.time
    at = time if time is not None else _claimed_time(receipt)
    if at is None:
        return Check("certificate", State.SKIPPED, "not_checked", {"because": "leaf"})
    try:
        facts = check_certificate(
            der, certificates.leading_from(der), cas, at, statement.claims.iss
        )
    except REFUSALS as error:
        return Check("certificate", State.FAILED, "certificate_invalid", cause(error))
    said: Mapping[str, str | int] = {
        "name": facts.name,
        "uscc": facts.uscc,
        "not_before": facts.not_before,
        "not_after": facts.not_after,
    }
    if time is None:
        return Check("certificate", State.PENDING, "certificate_waits", said)
    return Check("certificate", State.PASSED, "certificate_holds", said)


def _claimed_time(receipt: Receipt) -> Millis | None:
    """When the region says it took the record in: enough to refuse a certificate, never to pass it."""
    return Millis(receipt.leaf.received) if receipt.leaf is not None else None
