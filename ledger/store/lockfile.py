"""The text of a lock file: a body and, as its last line, the body's SHA-256, so that a torn file shows."""

from __future__ import annotations

import hashlib

_CHECK_LENGTH = 65


def checked(body: str) -> bytes:
    """The file's content; ``body`` ends in a line feed."""
    return f"{body}{hashlib.sha256(body.encode()).hexdigest()}\n".encode()


def unchecked(content: bytes) -> str | None:
    """The body, or None where the content is not whole."""
    text = content.decode("ascii", "replace")
    body = text[:-_CHECK_LENGTH]
    return body if checked(body) == content else None
