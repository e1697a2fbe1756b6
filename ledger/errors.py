"""The error tree of the ledger; imports nothing, so that every room may use it.

LedgerError                     has a stable ``code`` and names what was wrong
├── InputError                  the caller's data are wrong (HTTP 4xx); has a field path
│   ├── ConflictError           well formed, but contradicts what is already logged (HTTP 409)
│   └── ForbiddenError          well formed, but this author or reader may not (HTTP 403)
├── UnavailableError            cannot be answered now; try again later (HTTP 503)
│   └── DisputedError           those who could answer contradict one another; people have to look
├── VerificationError           a proof, signature or note does not hold
└── FatalError                  going on could break a promise; the process must end
"""

from __future__ import annotations


class LedgerError(Exception):
    """Base of all errors raised on purpose by the ledger.

    Attributes:
        code: stable, lower-case, underscore-separated; listed in docs/protocol/problems.md and never
            translated.
        detail: one English sentence for people, without secrets.
    """

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(f"{code}: {detail}")
        self.code = code
        self.detail = detail


class InputError(LedgerError):
    """The data handed in are wrong; ``path`` is the JSON Pointer (RFC 6901) of the field, or ''."""

    def __init__(self, code: str, detail: str, path: str = "") -> None:
        super().__init__(code, detail)
        self.path = path


class ConflictError(InputError):
    """The data are well formed but contradict what is already logged."""


class ForbiddenError(InputError):
    """The author or reader has no right to do this."""


class UnavailableError(LedgerError):
    """Cannot be answered now; ``retry_after`` is in seconds."""

    def __init__(self, code: str, detail: str, retry_after: int = 5) -> None:
        super().__init__(code, detail)
        self.retry_after = retry_after


class DisputedError(UnavailableError):
    """Those who could answer contradict one another, and no majority decides."""


class VerificationError(LedgerError):
    """A proof, signature, certificate or note does not hold; the only family that checks raise.

    ``path`` is the JSON Pointer of the field inside the checked thing, or ''.
    """

    def __init__(self, code: str, detail: str, path: str = "") -> None:
        super().__init__(code, detail)
        self.path = path


class FatalError(LedgerError):
    """Going on could break a promise already given.

    The process ends and the next start re-reads everything.
    """
