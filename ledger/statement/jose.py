"""The JWS frame shared by statements, key proofs and read tokens (RFC 7515 compact form, JSON twice strict).

Headers have exactly ``alg``, ``typ`` and ``kid``: crit, b64, jwk, x5c and the like are ways to make a
checker believe something else than the policy says, so there is no place for them.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from ledger.errors import VerificationError
from ledger.statement import base64url, strictjson
from ledger.statement.signing import ALGORITHMS, SIGNATURE_SIZE

MAX_HEADER = 1024
MAX_KID = 200
_HEADER_MEMBERS = frozenset({"alg", "typ", "kid"})


@dataclass(frozen=True, slots=True)
class Header:
    """A checked header: algorithm and name of the key."""

    alg: str
    kid: str


@dataclass(frozen=True, slots=True)
class Frame:
    """The three parts of a compact JWS; ``payload`` is decoded from base64url, not from JSON."""

    header: Header
    payload: bytes
    signature: bytes
    signing_input: bytes

    @property
    def id(self) -> bytes:
        """SHA-256 of the signing input: twins of a signature have the same id."""
        return hashlib.sha256(self.signing_input).digest()


def open_frame(compact: str, typ: str) -> Frame:
    """Take a compact JWS apart; checks no signature.

    Raises:
        VerificationError: jws_malformed, header_members, header_typ, header_alg, header_kid,
            base64url_malformed, signature_length, json_….
    """
    parts = compact.split(".")
    if len(parts) != 3:
        raise VerificationError("jws_malformed", "not three parts with a dot between them")
    header = read_header(parts[0], typ)
    payload = base64url.decode(parts[1])
    signature = base64url.decode(parts[2])
    if len(signature) != SIGNATURE_SIZE:
        raise VerificationError("signature_length", f"signature has {len(signature)} bytes")
    return Frame(header, payload, signature, compact[: -len(parts[2]) - 1].encode("ascii"))


# An author's statements all have the same header, so it is read once.
@lru_cache(maxsize=4096)
def read_header(text: str, typ: str) -> Header:
    """Read a header in its base64url form.

    Raises:
        VerificationError: header_members, header_typ, header_alg, header_kid, base64url_malformed, json_….
    """
    header = strictjson.loads(base64url.decode(text), MAX_HEADER, 4, 16)
    if not isinstance(header, dict) or header.keys() != _HEADER_MEMBERS:
        raise VerificationError(
            "header_members", "header is not exactly alg, typ and kid", "/header"
        )
    if header["typ"] != typ:
        raise VerificationError("header_typ", f"typ is not {typ}", "/header/typ")
    alg, kid = header["alg"], header["kid"]
    if not isinstance(alg, str) or alg not in ALGORITHMS:
        raise VerificationError("header_alg", "alg is neither ES256 nor Ed25519", "/header/alg")
    if not isinstance(kid, str) or not 0 < len(kid) <= MAX_KID:
        raise VerificationError("header_kid", "kid is not a short text", "/header/kid")
    return Header(alg, kid)


@lru_cache(maxsize=4096)
def write_header(alg: str, typ: str, kid: str) -> str:
    """A header in its base64url form."""
    return base64url.encode(strictjson.dumps({"alg": alg, "typ": typ, "kid": kid}))


def read_members(
    payload: bytes, names: frozenset[str], optional: frozenset[str] = frozenset()
) -> dict[str, Any]:
    """Read a small payload of exactly these members, and at most the optional ones beside them.

    Raises:
        VerificationError: payload_members, json_….
    """
    value = strictjson.loads(payload, 4096, 4, 64)
    if not isinstance(value, dict) or value.keys() - optional != names:
        wanted = ", ".join(sorted(names))
        raise VerificationError("payload_members", f"payload is not exactly {wanted}", "")
    return value
