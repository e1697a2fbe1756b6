"""What exactly did not hold, for engineers: the error behind a check that failed."""

from __future__ import annotations

from typing import TypeAlias

from ledger.errors import InputError, VerificationError

Refusal: TypeAlias = VerificationError | InputError
Facts: TypeAlias = dict[str, str | int]

REFUSALS = (VerificationError, InputError)
"""What the readers of untrusted bytes raise; anything else is a defect and must not be caught."""

_LONGEST = 300


def cause(error: Refusal) -> Facts:
    """The error's code, detail and path as facts of a check."""
    facts: Facts = {"cause": error.code, "detail": error.detail[:_LONGEST]}
    if error.path:
        facts["path"] = error.path[:_LONGEST]
    return facts
