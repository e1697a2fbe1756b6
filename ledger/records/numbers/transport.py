"""Numbers of ships and of air waybills."""

from __future__ import annotations

import re

from stdnum import imo

from ledger.records.faults import Fault, digit_fault, form_fault

IMO_PATTERN = r"^[0-9]{7}$"
AWB_PATTERN = r"^[0-9]{3}-[0-9]{8}$"


def imo_fault(text: str) -> Fault | None:
    """Check an IMO ship number (7 digits, the last one a check digit)."""
    if not re.fullmatch(r"[0-9]{7}", text):
        return form_fault("an IMO ship number", text, "7 digits")
    expected = str(imo.calc_check_digit(text[:-1]))
    return None if text[-1] == expected else digit_fault("IMO number", text, expected)


def awb_fault(text: str) -> Fault | None:
    """Check an air waybill number ``ppp-nnnnnnnc``, c = serial modulo 7 (IATA Resolution 600a).

    One typing error in sixteen passes, so never rely on it alone.
    """
    if not re.fullmatch(r"[0-9]{3}-[0-9]{8}", text):
        return form_fault("an air waybill number", text, "3 digits, hyphen, 8 digits")
    expected = str(int(text[4:11]) % 7)
    return None if text[-1] == expected else digit_fault("air waybill", text, expected)
