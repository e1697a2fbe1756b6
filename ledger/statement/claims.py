"""The plain claims of a statement: what is said openly and can never be left out."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from ledger.errors import InputError, VerificationError
from ledger.statement.strictjson import MAX_INTEGER, check_text

ISSUER_PREFIX: Final = "urn:uscc:"
METHODS: Final = frozenset({"typed", "device", "derived"})
SD_ALG: Final = "sha-256"

_ISSUER = re.compile(r"urn:uscc:[0-9A-HJ-NPQRTUWXY]{18}")
_AUDIENCE = re.compile(r"[a-z0-9][a-z0-9.-]{0,62}/[a-z][a-z0-9-]{0,31}")
_JTI = re.compile(r"[A-Za-z0-9_-]{21}[AQgw]")
_KIND = re.compile(r"[a-z][a-z0-9_]{0,63}")
_SCHEMA = re.compile(r"([a-z][a-z0-9_]{0,63})/[1-9][0-9]{0,5}")
_ID = re.compile(r"[0-9a-f]{64}")
_SOURCE_MEMBERS = frozenset({"system", "method", "basis"})
_MEMBERS = frozenset(
    {"iss", "aud", "jti", "iat", "kind", "schema", "version", "source", "fields", "_sd_alg"}
)
_MEMBERS_LATER = _MEMBERS | {"prev"}


@dataclass(frozen=True, slots=True)
class Source:
    """Data-origin label: the system the data come from, how they got into it, and on what basis.

    ``method`` is ``typed``, ``device`` or ``derived``.
    """

    system: str
    method: str
    basis: str

    def __post_init__(self) -> None:
        """Refuse a label that the format does not know."""
        if not (type(self.system) is type(self.basis) is type(self.method) is str):
            raise InputError("claim_source", "source is not three texts", "/source")
        check_text(self.system, "/source/system")
        check_text(self.basis, "/source/basis")
        if self.method not in METHODS:
            raise InputError("claim_source", "not typed, device or derived", "/source/method")


@dataclass(frozen=True, slots=True)
class Claims:
    """The claims beside the fields; valid from birth.

    ``iss`` is ``urn:uscc:`` and 18 characters, ``aud`` ``<network>/<region>``, ``jti`` 22 characters
    base64url, ``iat`` seconds since 1970, ``prev`` the hex id of the version before (None in version 1).
    """

    iss: str
    aud: str
    jti: str
    iat: int
    kind: str
    schema: str
    version: int
    prev: str | None
    source: Source

    def __post_init__(self) -> None:
        """Refuse claims that no statement may carry."""
        _match(_ISSUER, self.iss, "iss", "not urn:uscc: and 18 characters of a USCC")
        _match(_AUDIENCE, self.aud, "aud", "not <network>/<region>")
        _match(_JTI, self.jti, "jti", "not 128 bits in base64url")
        _match(_KIND, self.kind, "kind", "not the name of a kind")
        schema = _match(_SCHEMA, self.schema, "schema", "not <kind>/<number>")
        if schema[1] != self.kind:
            raise InputError("claim_schema", "schema is not one of this kind", "/schema")
        _whole(self.iat, 0, "iat")
        _whole(self.version, 1, "version")
        if self.version > 1:
            _match(_ID, self.prev, "prev", "version 2 and later name the hex id of the one before")
        elif self.prev is not None:
            raise InputError("claim_prev", "version 1 has no version before it", "/prev")

    @property
    def uscc(self) -> str:
        """The issuer's bare USCC."""
        return self.iss[len(ISSUER_PREFIX) :]

    @property
    def region(self) -> str:
        """The region of ``aud``."""
        return self.aud.partition("/")[2]

    @property
    def network(self) -> str:
        """The network of ``aud``."""
        return self.aud.partition("/")[0]


def read_claims(payload: dict[str, object]) -> Claims:
    """Narrow a decoded payload to its claims; refuses members beyond the format's.

    Raises:
        VerificationError: payload_members, claim_… with the claim's path.
    """
    get = payload.get
    later = get("version") != 1
    if payload.keys() != (_MEMBERS_LATER if later else _MEMBERS):
        raise VerificationError("payload_members", _difference(payload, later))
    if get("_sd_alg") != SD_ALG:
        raise VerificationError("claim_sd_alg", "not sha-256", "/_sd_alg")
    source = get("source")
    if type(source) is not dict or source.keys() != _SOURCE_MEMBERS:
        raise VerificationError("claim_source", "not exactly system, method, basis", "/source")
    try:
        # The types are checked at the birth of both: a wrong one is refused there, by name.
        return Claims(
            get("iss"), get("aud"), get("jti"), get("iat"), get("kind"), get("schema"),  # type: ignore[arg-type]
            get("version"), get("prev"), Source(source["system"], source["method"], source["basis"]),  # type: ignore[arg-type]
        )  # fmt: skip
    except InputError as error:
        raise VerificationError(error.code, error.detail, error.path) from error


def _difference(payload: dict[str, object], later: bool) -> str:
    wanted = _MEMBERS_LATER if later else _MEMBERS
    missing = ", ".join(sorted(wanted - payload.keys())) or "none"
    extra = ", ".join(sorted(payload.keys() - wanted)) or "none"
    return f"members missing: {missing}; not known: {extra[:200]!a}"


def _match(pattern: re.Pattern[str], value: object, name: str, wrong: str) -> re.Match[str]:
    found = pattern.fullmatch(value) if type(value) is str else None
    if found is None:
        raise InputError(f"claim_{name}", wrong, f"/{name}")
    return found


def _whole(value: object, least: int, name: str) -> None:
    if type(value) is not int or not least <= value <= MAX_INTEGER:
        raise InputError(f"claim_{name}", f"not an integer from {least}", f"/{name}")
