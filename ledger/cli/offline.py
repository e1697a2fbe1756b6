"""``jjj verify`` without a chain: the offline verifier under the user's language."""

from __future__ import annotations

from collections.abc import Sequence

from ledger.cli.language import user_language
from ledger.verify.__main__ import main


def verify(arguments: Sequence[str]) -> int:
    """Verify as ``python -m ledger.verify`` does; gives the exit status."""
    # First, so that a --lang of the user's comes later and wins.
    return main(["--lang", user_language(), *arguments])
