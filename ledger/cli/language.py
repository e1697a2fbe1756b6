"""The language a user reads, as the environment names it."""

from __future__ import annotations

import os
from collections.abc import Mapping

_VARIABLES = ("LC_ALL", "LC_MESSAGES", "LANG")


def user_language() -> str:
    """``zh`` or ``en``."""
    # No setting of the ledger: the terminal's language, as every program of the system reads it.
    return language_in(os.environ)  # noqa: TID251


def language_in(environment: Mapping[str, str]) -> str:
    """``zh`` where the first variable that is set says so, else ``en``."""
    named = next((environment[name] for name in _VARIABLES if environment.get(name)), "")
    return "zh" if named.lower().startswith("zh") else "en"
