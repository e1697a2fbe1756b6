"""Operator records: which firm may post which kinds with which key (formats.md §1.3)."""

from __future__ import annotations

import binascii
import re
from dataclasses import dataclass
from typing import Any, Final

from ledger.errors import VerificationError
from ledger.statement.certificates import CertificateFacts, kid_hex, read_certificate
from ledger.statement.jws import check_key_proof
from ledger.statement.sdjwt import Statement, open_slots, require_all_open

KIND: Final = "operator"
ACTIVE: Final = "active"
SUSPENDED: Final = "suspended"
_KIND_NAME = re.compile(r"[a-z][a-z0-9_]{0,63}")
_FIELDS = frozenset({"key", "time", "uscc", "name", "status", "kinds", "certificate", "key_proof"})
_LATER = _FIELDS | {"change", "reason", "case_code"}


@dataclass(frozen=True, slots=True)
class Operator:
    """A firm's leave to post; ``kid`` is base64url as in statement headers, ``certificate`` DER.

    ``status`` is ``active`` or ``suspended``; a withdrawn record reads as suspended.
    """

    kid: str
    uscc: str
    name: str
    status: str
    kinds: frozenset[str]
    certificate: bytes

    def may_post(self, kind: str) -> bool:
        """Whether the firm may post records of this kind."""
        return self.status == ACTIVE and kind in self.kinds


def operator_key(kid: str) -> str:
    """The business key of the operator record for a kid (base64url)."""
    return f"OP:{kid_hex(kid)}"


def read_operator(statement: Statement) -> Operator:
    """Read an operator record, all of it open, and check the firm's proof of its key.

    Who signed the record, and whether a registrar did, is not looked at.

    Raises:
        VerificationError: operator_kind, operator_members, operator_<field>, disclosure_unreferenced,
            slot_closed, and those of certificates and key proofs, with the field's path.
    """
    if statement.claims.kind != KIND:
        raise VerificationError("operator_kind", "not an operator record", "/kind")
    opened = open_slots(statement)
    require_all_open(opened)
    fields = opened.fields
    if fields.keys() != (_FIELDS if statement.claims.version == 1 else _LATER):
        raise VerificationError("operator_members", "not the fields of an operator", "/fields")
    der = _certificate(_text(fields, "certificate"))
    facts = read_certificate(der)
    _check_names_agree(fields, facts)
    check_key_proof(_text(fields, "key_proof"), der, statement.claims.aud)
    return Operator(
        kid=facts.kid,
        uscc=facts.uscc,
        name=_text(fields, "name"),
        status=_status(fields),
        kinds=_kinds(fields["kinds"]),
        certificate=der,
    )


def _check_names_agree(fields: dict[str, Any], facts: CertificateFacts) -> None:
    if _text(fields, "uscc") != facts.uscc:
        raise _wrong("uscc", "not the certificate's")
    if _text(fields, "key") != operator_key(facts.kid):
        raise _wrong("key", "does not name the certificate")


def _status(fields: dict[str, Any]) -> str:
    status = _text(fields, "status")
    if status not in {ACTIVE, SUSPENDED}:
        raise _wrong("status", "neither active nor suspended")
    return SUSPENDED if fields.get("change") == "withdrawn" else status


def _kinds(value: object) -> frozenset[str]:
    if not isinstance(value, list):
        raise _wrong("kinds", "not a list")
    for index, kind in enumerate(value):
        if not isinstance(kind, str) or not _KIND_NAME.fullmatch(kind) or kind in value[:index]:
            raise _wrong(f"kinds/{index}", "not the name of a kind, or twice")
    return frozenset(value)


def _certificate(text: str) -> bytes:
    try:
        der = binascii.a2b_base64(text.encode("ascii"), strict_mode=True)
    except ValueError as error:
        raise _wrong("certificate", "not base64") from error
    if binascii.b2a_base64(der, newline=False).decode("ascii") != text:
        raise _wrong("certificate", "not the one base64 spelling of these bytes")
    return der


def _text(fields: dict[str, Any], name: str) -> str:
    value = fields[name]
    if not isinstance(value, str):
        raise _wrong(name, "not a text")
    return value


def _wrong(name: str, detail: str) -> VerificationError:
    return VerificationError(f"operator_{name.partition('/')[0]}", detail, f"/fields/{name}")
