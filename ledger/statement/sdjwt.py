"""Statements: SD-JWTs (RFC 9901) of a fixed shape, taken apart, opened, cut down and checked.

Reading goes in steps so that each failure keeps its own name: ``parse`` looks at the signed part alone,
``open_slots`` matches disclosures with slots, ``check_signature`` asks whether the author signed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from ledger.errors import VerificationError
from ledger.statement.certificates import read_certificate
from ledger.statement.claims import Claims, Source, read_claims
from ledger.statement.issuing import Slotted, Value, issue
from ledger.statement.jose import open_frame
from ledger.statement.limits import MAX_STATEMENT, TYP
from ledger.statement.opening import Opener
from ledger.statement.signing import verify_signature
from ledger.statement.slots import (
    CLOSED,
    DECODER,
    Closed,
    Path,
    Slot,
    digest_of,
    pointer_to,
    read_slots,
    slots_of,
)
from ledger.statement.strictjson import decode, loads
from ledger.values import StatementId

__all__ = [
    "CLOSED",
    "Claims",
    "Closed",
    "Opened",
    "Path",
    "Slot",
    "Slotted",
    "Source",
    "Statement",
    "Value",
    "check_signature",
    "issue",
    "join",
    "open_slots",
    "parse",
    "pointer_to",
    "present",
    "require_all_open",
    "require_no_strays",
]


@dataclass(frozen=True, slots=True)
class Statement:
    """A statement whose signed part has the right shape; nothing about it is proven yet.

    ``signed`` is header, payload and signature in ASCII; ``slots`` are those of the payload, paths
    relative to ``fields``; slots inside disclosed values come to light in ``open_slots`` only.
    ``template`` is ``fields`` with each slot's object as a tuple.
    """

    compact: str
    signed: bytes
    signing_input: bytes
    signature: bytes
    id: StatementId
    alg: str
    kid: str
    claims: Claims
    disclosures: tuple[str, ...]
    template: dict[str, Any] = field(repr=False)

    @property
    def slots(self) -> tuple[Slot, ...]:
        """The slots of the payload in the order of the text."""
        return tuple(slots_of(self.template))


@dataclass(frozen=True, slots=True)
class Opened:
    """What the disclosures at hand show.

    ``fields`` holds values and, where a slot stays closed, CLOSED; ``opened`` runs parallel to ``shown``,
    the disclosures that opened them. ``strays`` matched no slot: some disclosure was changed, and
    ``suspects`` are the closed slots it may have belonged to, by elimination and by the order of the
    disclosures; just one suspect names the field.
    """

    fields: dict[str, Any]
    opened: tuple[Path, ...]
    shown: tuple[str, ...]
    closed: tuple[Path, ...]
    strays: tuple[str, ...]
    suspects: tuple[Path, ...]

    @property
    def suspect(self) -> Path | None:
        """The one field whose disclosure was changed, if it can be told."""
        return self.suspects[0] if len(self.suspects) == 1 else None


def parse(compact: str) -> Statement:
    """Take a compact statement apart and check the shape of its signed part (formats.md §1).

    Disclosures are not looked into: a damaged one must cost the field its value, not the statement its
    name.

    Raises:
        VerificationError: statement_too_large, statement_malformed, and those of the frame, the claims
            and the slots, with the path in the payload.
    """
    if len(compact) > MAX_STATEMENT:
        raise VerificationError("statement_too_large", f"longer than {MAX_STATEMENT} characters")
    signed, *disclosures = compact.split("~")
    if not disclosures or disclosures.pop() != "":
        # What follows the last ~ would be a key binding JWT, which statements do not have.
        raise VerificationError("statement_malformed", "a statement ends in ~")
    if len(set(disclosures)) != len(disclosures):
        raise VerificationError("disclosure_repeated", "a disclosure stands twice")
    frame = open_frame(signed, TYP)
    claims, template = _read_payload(frame.payload)
    return Statement(
        compact=compact,
        signed=signed.encode("ascii"),
        signing_input=frame.signing_input,
        signature=frame.signature,
        id=StatementId(frame.id),
        alg=frame.header.alg,
        kid=frame.header.kid,
        claims=claims,
        disclosures=tuple(disclosures),
        template=template,
    )


def join(signed: bytes, disclosures: Sequence[str]) -> str:
    """Put a stored signed part and disclosures back into compact form."""
    return "~".join([signed.decode("ascii", "replace"), *disclosures, ""])


def _read_payload(payload: bytes) -> tuple[Claims, dict[str, Any]]:
    try:
        decoded = decode(payload.decode("utf-8"), DECODER)
        if type(decoded) is not dict:
            raise VerificationError("payload_members", "payload is not an object")
        claims = read_claims(decoded)
        fields: dict[str, Any] = decoded["fields"]
        read_slots(fields)
        return claims, fields
    except UnicodeDecodeError as error:
        raise VerificationError("json_encoding", "payload is not UTF-8") from error
    except VerificationError:
        # The strict reader knows better what is wrong where, if it is the JSON that is wrong.
        loads(payload)
        raise


def open_slots(statement: Statement) -> Opened:
    """Match the disclosures with the slots, those inside disclosed values too.

    A disclosure that matches nothing is no error here but a stray, so that the field can be named.

    Raises:
        VerificationError: disclosure_malformed, disclosure_salt, digest_repeated, slot_shape, json_… where
            the author committed to something that is not of the format, with the path.
    """
    opener = Opener(statement.template, statement.disclosures)
    fields = opener.fields()
    met = opener.met
    strays = opener.left
    return Opened(
        fields=fields,
        opened=tuple([path for path, disclosure in met if disclosure is not None]),
        shown=tuple([disclosure for _, disclosure in met if disclosure is not None]),
        closed=tuple([path for path, disclosure in met if disclosure is None]),
        strays=strays,
        suspects=_suspects(statement.disclosures, met) if strays else (),
    )


def _suspects(
    disclosures: Sequence[str], met: Sequence[tuple[Path, str | None]]
) -> tuple[Path, ...]:
    """Closed slots between the neighbours of a stray; all closed ones where the order tells nothing."""
    place = {disclosure: at for at, (_, disclosure) in enumerate(met)}
    order = [place.get(disclosure) for disclosure in disclosures]
    closed = [(at, path) for at, (path, disclosure) in enumerate(met) if disclosure is None]
    found: dict[Path, None] = {}
    for at, mine in enumerate(order):
        if mine is None:
            before = next((x for x in reversed(order[:at]) if x is not None), -1)
            after = next((x for x in order[at + 1 :] if x is not None), len(met))
            found.update((path, None) for x, path in closed if before < x < after)
    return tuple(found) or tuple(path for _, path in closed)


def require_no_strays(opened: Opened) -> None:
    """Refuse a statement with a disclosure that opens no slot.

    Raises:
        VerificationError: disclosure_unreferenced, with the field's path if it can be told.
    """
    if opened.strays:
        where = "" if opened.suspect is None else pointer_to(opened.suspect)
        raise VerificationError("disclosure_unreferenced", "a disclosure opens no slot", where)


def require_all_open(opened: Opened) -> None:
    """Refuse a statement with a stray disclosure or a closed slot, as intake does.

    Raises:
        VerificationError: disclosure_unreferenced, slot_closed, with the field's path.
    """
    require_no_strays(opened)
    if opened.closed:
        raise VerificationError("slot_closed", "a slot is not opened", pointer_to(opened.closed[0]))


def present(statement: Statement, wanted: Callable[[Path], bool]) -> str:
    """Cut a statement down to the slots that are wanted, in the order of the slots.

    A slot inside a value goes along only if the slots around it do. A changed disclosure must not read
    as a closed slot: strays go along where every slot they may belong to is wanted, and as their digest
    where only some are, which fails the check as well and shows nothing unwanted.
    """
    opened = open_slots(statement)
    kept: set[Path] = set()
    chosen: list[str] = []
    around = set(opened.opened)
    for path, disclosure in zip(opened.opened, opened.shown, strict=True):
        parents = (path[:n] for n in range(1, len(path)))
        if all(parent in kept for parent in parents if parent in around) and wanted(path):
            kept.add(path)
            chosen.append(disclosure)
    wishes = [wanted(path) for path in opened.suspects]
    if opened.strays and all(wishes):
        # In the order given, as it narrows down which field the stray belongs to.
        keep = {*chosen, *opened.strays}
        chosen = [disclosure for disclosure in statement.disclosures if disclosure in keep]
    elif any(wishes):
        chosen += [digest_of(stray) for stray in opened.strays]
    return join(statement.signed, chosen)


def check_signature(statement: Statement, certificate_der: bytes) -> None:
    """Check that the key of this certificate signed the statement; trusts the certificate as it is.

    Raises:
        VerificationError: certificate_kid (not the certificate that the header names), alg_mismatch,
            signature_high_s, signature_invalid, and those of read_certificate.
    """
    facts = read_certificate(certificate_der)
    if facts.kid != statement.kid:
        raise VerificationError(
            "certificate_kid", "the header names another certificate", "/header/kid"
        )
    verify_signature(statement.alg, facts.public_key, statement.signing_input, statement.signature)
