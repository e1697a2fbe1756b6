"""From compact text to the row that sealing stores."""

from __future__ import annotations

from ledger.errors import VerificationError
from ledger.intake.admitted import Admitted
from ledger.intake.authors import Author, refused
from ledger.ports import Identifier, RecordKey, StatementRow
from ledger.records.amending import role_amends
from ledger.records.read import read_record
from ledger.statement import base64url
from ledger.statement.jose import Header
from ledger.statement.operator import KIND, read_operator
from ledger.statement.sdjwt import Statement, open_slots, require_all_open
from ledger.statement.signing import ES256, low_s, verify_signature
from ledger.values import Millis, StatementId


def author_signed(compact: str, header: Header, author: Author) -> str:
    """Check the author's signature; answers the statement with the signature in its low-S form.

    Common tools make high-S half of the time; stored in one form, a statement has no twin.

    Raises:
        ForbiddenError: alg_mismatch, signature_length, signature_invalid.
        VerificationError: base64url_malformed.
    """
    signed, rest = compact.partition("~")[::2]
    signing_input, _, encoded = signed.rpartition(".")
    signature = base64url.decode(encoded)
    try:
        low = low_s(signature) if header.alg == ES256 else signature
        verify_signature(header.alg, author.facts.public_key, signing_input.encode(), low)
    except VerificationError as error:
        raise refused(error) from error
    if low == signature:
        return compact
    return f"{signing_input}.{base64url.encode(low)}~{rest}"


def read_row(statement: Statement, region: str, author: Author) -> Admitted:
    """Open every slot, hold the fields against the kind, and take what search needs.

    Raises:
        InputError: of the record, with the field's path.
        VerificationError: slot_closed, disclosure_… and those of operator records.
    """
    claims = statement.claims
    opened = open_slots(statement)
    require_all_open(opened)
    record = read_record(claims, opened.fields)
    if claims.kind == KIND:
        read_operator(statement)
    row = StatementRow(
        id=statement.id,
        signed=statement.signed,
        # In the order of the slots, whatever order they came in.
        disclosures=opened.shown,
        region=region,
        record=RecordKey(record.kind, claims.iss, record.key),
        author=claims.iss,
        version=claims.version,
        prev=None if claims.prev is None else StatementId(bytes.fromhex(claims.prev)),
        jti=claims.jti,
        event_time=Millis(record.time),
        identifiers=tuple(
            Identifier(one.type, one.value, one.follow) for one in record.identifiers
        ),
    )
    return Admitted(row, amends_others=_amends_others(claims.kind, author))


def _amends_others(kind: str, author: Author) -> bool:
    if kind == KIND:
        return author.registrar
    return role_amends(kind, author.kinds)
