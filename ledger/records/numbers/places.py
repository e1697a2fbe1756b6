"""Places (UN/LOCODE) and countries (ISO 3166-1)."""

from __future__ import annotations

import re
from datetime import date

from ledger.records.codes import table
from ledger.records.faults import Fault, form_fault

LOCODE_PATTERN = r"^[A-Z]{2}[A-Z2-9]{3}$"


def locode_fault(text: str, on: date | None = None) -> Fault | None:
    """Check the form and country of a UN/LOCODE; those of the three regions also by date."""
    if not re.fullmatch(r"[A-Z]{2}[A-Z2-9]{3}", text):
        return form_fault("a UN/LOCODE", text, "2 letters of a country and 3 letters or 2-9")
    listed = table("unlocode")
    if text in listed.rows:
        return listed.fault(text, on)
    return table("country").fault(text[:2], on)
