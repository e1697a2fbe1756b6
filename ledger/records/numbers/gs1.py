"""GS1 numbers with the modulo 10 check digit: SSCC (18 digits) and GLN (13 digits)."""

from __future__ import annotations

import re

from stdnum import ean

from ledger.records.faults import Fault, digit_fault, form_fault

SSCC_PATTERN = r"^[0-9]{18}$"
GLN_PATTERN = r"^[0-9]{13}$"


def sscc_fault(text: str) -> Fault | None:
    """Check a Serial Shipping Container Code."""
    return _fault("SSCC", text, 18)


def gln_fault(text: str) -> Fault | None:
    """Check a Global Location Number."""
    return _fault("GLN", text, 13)


def _fault(what: str, text: str, length: int) -> Fault | None:
    # stdnum's own validate refuses 18 digits, and its GS1-128 reader lets wrong ones pass.
    if not re.fullmatch(rf"[0-9]{{{length}}}", text):
        return form_fault(what, text, f"{length} digits")
    expected = str(ean.calc_check_digit(text[:-1]))
    return None if text[-1] == expected else digit_fault(what, text, expected)
