"""Sizes and names that hold for every statement."""

from __future__ import annotations

from typing import Final

TYP: Final = "customs-record+sd-jwt"
MAX_STATEMENT: Final = 1 << 18
"""Characters of a statement in compact form, disclosures included."""
