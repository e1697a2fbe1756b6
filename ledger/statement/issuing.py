"""Making a statement: each field salted into a slot of its own, the whole signed by its author."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

from ledger.errors import InputError, VerificationError
from ledger.statement import base64url
from ledger.statement.certificates import read_certificate
from ledger.statement.claims import SD_ALG, Claims
from ledger.statement.jose import write_header
from ledger.statement.limits import MAX_STATEMENT, TYP
from ledger.statement.signing import AuthorSigner
from ledger.statement.slots import MAX_LIST, MAX_SLOTS, MAX_VALUE_DEPTH, check_names, digests_of
from ledger.statement.strictjson import Walk, dump_text, pointer

_SALT_SIZE: Final = 16
_SLOT: Final = '[{"...":"%s"}]'


@dataclass(frozen=True, slots=True)
class Slotted:
    """An object whose members become slots of their own inside the object's disclosure."""

    members: Mapping[str, Value]


Value: TypeAlias = "str | int | bool | Sequence[Value] | Mapping[str, Value] | Slotted"


def issue(
    claims: Claims,
    fields: Mapping[str, Value],
    signer: AuthorSigner,
    salt: Callable[[int], bytes],
) -> str:
    """Sign a statement and give it in compact form, all slots opened.

    A list as a field becomes a list of slots, any other value one slot; ``salt`` gives that many
    unpredictable bytes.

    Raises:
        InputError: issuer_mismatch (the signer's certificate is another firm's), field_name,
            list_too_long, slots_too_many, statement_too_large, json_…, with the field's path.
    """
    facts = read_certificate(signer.certificate)
    if facts.iss != claims.iss:
        raise InputError("issuer_mismatch", f"the certificate is {facts.iss}'s", "/iss")
    maker = _Maker(salt)
    try:
        slotted = maker.members(fields, "/fields", 0)
    except VerificationError as error:
        raise InputError(error.code, error.detail, error.path) from error
    payload = base64url.encode(f"{_claims_text(claims)}{slotted}}}".encode())
    signing_input = f"{write_header(signer.alg, TYP, signer.kid)}.{payload}"
    signature = base64url.encode(signer.sign(signing_input.encode("ascii")))
    compact = "~".join([f"{signing_input}.{signature}", *maker.take(), ""])
    if len(compact) > MAX_STATEMENT:
        raise InputError("statement_too_large", f"longer than {MAX_STATEMENT} characters")
    return compact


def _claims_text(claims: Claims) -> str:
    """The payload up to the value of its last member, ``fields``."""
    source = claims.source
    payload = {
        "iss": claims.iss,
        "aud": claims.aud,
        "jti": claims.jti,
        "iat": claims.iat,
        "kind": claims.kind,
        "schema": claims.schema,
        "version": claims.version,
        "source": {"system": source.system, "method": source.method, "basis": source.basis},
        "_sd_alg": SD_ALG,
    }
    if claims.prev is not None:
        payload["prev"] = claims.prev
    return f'{dump_text(payload)[:-1]},"fields":'


class _Maker:
    """Writes slots level by level, inner ones first, as an outer disclosure holds the inner digests."""

    __slots__ = ("_count", "_inner", "_salt", "_walk")

    def __init__(self, salt: Callable[[int], bytes]) -> None:
        self._salt = salt
        self._walk = Walk(MAX_VALUE_DEPTH, MAX_STATEMENT)
        self._count = 0
        # Disclosures made inside the value that is being written.
        self._inner: list[str] = []

    def members(self, fields: Mapping[str, Value], path: str, depth: int) -> str:
        """The JSON of an object whose members are slots; their disclosures are in ``take`` then."""
        # Also keeps % out of the names, which become part of a format below.
        check_names(fields, path)
        shapes: list[str] = []
        texts: list[str] = []
        inner: dict[int, list[str]] = {}
        for name, value in fields.items():
            if type(value) is str and value.isascii():
                shapes.append(f'"{name}":{_SLOT}')
                texts.append(dump_text(value))
            elif isinstance(value, list | tuple):
                where = pointer(path, name)
                if len(value) > MAX_LIST:
                    raise InputError("list_too_long", f"more than {MAX_LIST} slots", where)
                shapes.append(f'"{name}":[{",".join([_SLOT] * len(value))}]')
                for index, item in enumerate(value):
                    self._text(item, pointer(where, index), depth + 1, texts, inner)
            else:
                shapes.append(f'"{name}":{_SLOT}')
                self._text(value, pointer(path, name), depth, texts, inner)
        return f"{{{','.join(shapes)}}}" % tuple(self._seal(texts, inner))

    def _text(
        self,
        value: Value,
        path: str,
        depth: int,
        texts: list[str],
        inner: dict[int, list[str]],
    ) -> None:
        """Add a slot's value to texts, and to inner the disclosures made within it."""
        around, self._inner = self._inner, []
        text = self._value(value, path, depth)
        if self._inner:
            inner[len(texts)] = self._inner
        self._inner = around
        texts.append(text)

    def take(self) -> list[str]:
        """The disclosures made, a slot's before those of the slots inside it."""
        return self._inner

    def _seal(self, values: list[str], inner: Mapping[int, list[str]]) -> list[str]:
        """Salt values into disclosures and give their digests."""
        self._count += len(values)
        if self._count > MAX_SLOTS:
            raise InputError("slots_too_many", f"more than {MAX_SLOTS} slots", "/fields")
        # One call for all: asking the system for 16 bytes costs as much as for 400.
        bits = self._salt(_SALT_SIZE * len(values))
        salts = base64url.encode_each(
            [bits[at : at + _SALT_SIZE] for at in range(0, len(bits), _SALT_SIZE)]
        )
        disclosures = base64url.encode_each(
            [b'["%b",%b]' % pair for pair in zip(salts, map(str.encode, values), strict=True)]
        )
        for place, disclosure in enumerate(disclosures):
            self._inner.append(disclosure.decode("ascii"))
            if place in inner:
                self._inner += inner[place]
        return digests_of(disclosures)

    def _value(self, value: Value, path: str, depth: int) -> str:
        """The JSON of a value, slots inside it included."""
        if isinstance(value, Slotted | Mapping | list | tuple) and depth >= MAX_VALUE_DEPTH:
            raise InputError("json_too_deep", f"nested more than {MAX_VALUE_DEPTH} deep", path)
        if isinstance(value, Slotted):
            return self.members(value.members, path, depth + 1)
        if isinstance(value, Mapping):
            check_names(value, path)
            inner = [
                f'"{n}":{self._value(v, pointer(path, n), depth + 1)}' for n, v in value.items()
            ]
            return "{" + ",".join(inner) + "}"
        if isinstance(value, list | tuple):
            items = [self._value(v, pointer(path, i), depth + 1) for i, v in enumerate(value)]
            return "[" + ",".join(items) + "]"
        self._walk.check(value, path, depth)
        return dump_text(value)
