"""Commodity codes: China's 10 digits on top of the Harmonized System's 6."""

from __future__ import annotations

import re
from datetime import date

from ledger.records.codes import table
from ledger.records.faults import Fault, form_fault

HS10_PATTERN = r"^[0-9]{10}$"
HS6_PATTERN = r"^[0-9]{6}$"


def hs10_fault(text: str, on: date | None = None) -> Fault | None:
    """Check the length and that heading and subheading exist; the last four digits are not known."""
    if not re.fullmatch(r"[0-9]{10}", text):
        return form_fault("a commodity code", text, "10 digits")
    return hs6_fault(text[:6], on)


def hs6_fault(text: str, on: date | None = None) -> Fault | None:
    """Check that a heading (first 4 digits) and subheading (6 digits) of the HS exist."""
    if not re.fullmatch(r"[0-9]{6}", text):
        return form_fault("an HS subheading", text, "6 digits")
    codes = table("hs")
    return codes.fault(text[:4], on) or codes.fault(text, on)
