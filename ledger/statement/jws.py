"""Two small signed texts beside statements: proof that a firm holds its key, and leave to read (RFC 7515)."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from ledger.errors import VerificationError
from ledger.statement import base64url
from ledger.statement.certificates import read_certificate
from ledger.statement.jose import open_frame, read_members, write_header
from ledger.statement.signing import AuthorSigner, verify_signature
from ledger.statement.strictjson import JSON, dumps
from ledger.values import DIGEST_SIZE

KEY_TYP: Final = "customs-key+jwt"
READ_TYP: Final = "customs-read+jwt"
MAX_TOKEN: Final = 8192

_KEY_PROOF = frozenset({"aud", "iat", "kid"})
_READ_TOKEN = frozenset({"aud", "htm", "htu", "iat", "jti"})
_BODY = frozenset({"body"})
_JTI = re.compile(r"[A-Za-z0-9_-]{21}[AQgw]")


@dataclass(frozen=True, slots=True)
class ReadToken:
    """A request's authority to read, its signature not checked yet.

    ``kid`` names a firm's certificate (base64url) or a region's peer key (C2SP key name); ``htu`` is path
    and query as sent; ``iat`` is in seconds since 1970; ``body`` is the SHA-256 of what a request that
    writes carries, None where it only reads.
    """

    kid: str
    aud: str
    htm: str
    htu: str
    iat: int
    jti: str
    signing_input: bytes
    signature: bytes
    alg: str
    body: bytes | None = None


def sign_key_proof(signer: AuthorSigner, aud: str, iat: int) -> str:
    """Prove to the registrar of ``<network>/<region>`` that the signer holds the certificate's key."""
    payload = dumps({"aud": aud, "iat": iat, "kid": signer.kid})
    return _sign(signer.sign, signer.alg, KEY_TYP, signer.kid, payload)


def check_key_proof(jws: str, certificate_der: bytes, aud: str) -> int:
    """Check a key proof against the firm's certificate; gives its ``iat`` in seconds.

    Raises:
        VerificationError: key_proof_kid, key_proof_aud, key_proof_iat, and those of the frame and signature.
    """
    frame = open_frame(_short(jws), KEY_TYP)
    members = read_members(frame.payload, _KEY_PROOF)
    facts = read_certificate(certificate_der)
    if members["kid"] != facts.kid or frame.header.kid != facts.kid:
        raise VerificationError("key_proof_kid", "made for another certificate", "/kid")
    if members["aud"] != aud:
        raise VerificationError("key_proof_aud", f"not made for {aud}", "/aud")
    iat = members["iat"]
    if type(iat) is not int or iat < 0:
        raise VerificationError("key_proof_iat", "not seconds since 1970", "/iat")
    verify_signature(frame.header.alg, facts.public_key, frame.signing_input, frame.signature)
    return iat


def sign_read_token(
    sign: Callable[[bytes], bytes],
    alg: str,
    kid: str,
    aud: str,
    htm: str,
    htu: str,
    iat: int,
    jti: str,
    body: bytes | None = None,
) -> str:
    """Sign a request for reading with rights (formats.md §1.4); ``jti`` is 22 characters, used once.

    ``body`` is the SHA-256 of what a request that writes carries.
    """
    members: dict[str, JSON] = {"aud": aud, "htm": htm, "htu": htu, "iat": iat, "jti": jti}
    if body is not None:
        members["body"] = base64url.encode(body)
    return _sign(sign, alg, READ_TYP, kid, dumps(members))


def parse_read_token(jws: str) -> ReadToken:
    """Read a token; whose key it is and whether it is fresh and unseen, the caller decides.

    Raises:
        VerificationError: read_token_<member>, and those of the frame.
    """
    frame = open_frame(_short(jws), READ_TYP)
    members = read_members(frame.payload, _READ_TOKEN, _BODY)
    for name in ("aud", "htm", "htu", "jti", "body"):
        if not isinstance(members.get(name, ""), str):
            raise VerificationError(f"read_token_{name}", "not a text", f"/{name}")
    if not _JTI.fullmatch(members["jti"]):
        raise VerificationError("read_token_jti", "not 128 bits in base64url", "/jti")
    if type(members["iat"]) is not int or members["iat"] < 0:
        raise VerificationError("read_token_iat", "not seconds since 1970", "/iat")
    return ReadToken(
        kid=frame.header.kid,
        aud=members["aud"],
        htm=members["htm"],
        htu=members["htu"],
        iat=members["iat"],
        jti=members["jti"],
        signing_input=frame.signing_input,
        signature=frame.signature,
        alg=frame.header.alg,
        body=_digest(members["body"]) if "body" in members else None,
    )


def _digest(text: str) -> bytes:
    digest = base64url.decode(text)
    if len(digest) != DIGEST_SIZE:
        raise VerificationError("read_token_body", "not a SHA-256 digest", "/body")
    return digest


def _sign(sign: Callable[[bytes], bytes], alg: str, typ: str, kid: str, payload: bytes) -> str:
    signing_input = f"{write_header(alg, typ, kid)}.{base64url.encode(payload)}"
    return f"{signing_input}.{base64url.encode(sign(signing_input.encode('ascii')))}"


def _short(jws: str) -> str:
    if len(jws) > MAX_TOKEN:
        raise VerificationError("jws_malformed", f"longer than {MAX_TOKEN} characters")
    return jws
