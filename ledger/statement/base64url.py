"""Base64url as JOSE uses it: no padding, and no second spelling of the same bytes (RFC 7515 section 2)."""

from __future__ import annotations

from binascii import a2b_base64, b2a_base64
from collections.abc import Sequence

from ledger.errors import VerificationError

_TO_URL = bytes.maketrans(b"+/", b"-_")
# The standard alphabet's own characters become '!', which no alphabet has: else "+" would read as "-".
_FROM_URL = bytes.maketrans(b"-_+/=", b"+/!!!")
# By length modulo 4. The line feed is skipped in decoding and stands there again after encoding.
_ENDING = (b"\n", b"!", b"==\n", b"=\n")


def encode(data: bytes) -> str:
    """Spell bytes as base64url without padding."""
    return b2a_base64(data, newline=False).translate(_TO_URL, b"=").decode("ascii")


def encode_each(items: Sequence[bytes]) -> list[bytes]:
    """Spell each of several byte strings; much faster than one by one."""
    spelled = [b2a_base64(data) for data in items]
    return b"".join(spelled).translate(_TO_URL, b"=").split(b"\n")[:-1]


def decode(text: str) -> bytes:
    """Read base64url; refuses padding, other alphabets, line breaks and tail bits that are not zero.

    Raises:
        VerificationError: base64url_malformed.
    """
    data = decode_each([text])[0]
    if data is None:
        raise VerificationError("base64url_malformed", "text is not base64url without padding")
    return data


def decode_each(texts: Sequence[str]) -> list[bytes | None]:
    """Read each of several texts as ``decode`` does, None where one is refused."""
    decoded: list[bytes | None] = []
    for text in texts:
        try:
            standard = text.encode("ascii").translate(_FROM_URL)
            standard += _ENDING[len(standard) & 3]
            data = a2b_base64(standard)
        except ValueError:
            decoded.append(None)
            continue
        # The decoder skips foreign characters and ignores tail bits: only what spells the same again
        # was the one spelling of these bytes.
        decoded.append(data if b2a_base64(data) == standard else None)
    return decoded
