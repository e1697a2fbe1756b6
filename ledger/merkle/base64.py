"""Standard base64 with padding (RFC 4648 section 4), read strictly: one text for one value."""

from __future__ import annotations

import binascii

from ledger.errors import VerificationError


def encode(data: bytes) -> str:
    """Base64 text, padded, without line breaks."""
    return binascii.b2a_base64(data, newline=False).decode("ascii")


def decode(text: str) -> bytes:
    """The bytes behind a base64 text.

    Anything but the text that encode would write is refused (missing padding, line breaks, tail
    bits set): else one signature or hash could travel in several forms.

    Raises VerificationError(base64_malformed).
    """
    try:
        data = binascii.a2b_base64(text, strict_mode=True)
    except ValueError as error:
        raise VerificationError("base64_malformed", "not standard base64") from error
    if encode(data) != text:
        raise VerificationError("base64_malformed", "not the canonical base64 of its value")
    return data
