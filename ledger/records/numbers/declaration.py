"""Declaration numbers (报关单号): 18 digits, district, year, import or export, serial; no check digit."""

from __future__ import annotations

import re
from datetime import date

from ledger.records.codes import table
from ledger.records.faults import Fault, form_fault

PATTERN = r"^[0-9]{4}20[0-9]{2}[01][0-9]{9}$"
_FORM = re.compile(PATTERN)
IMPORT, EXPORT = "1", "0"


def district_fault(code: str, on: date | None = None) -> Fault | None:
    """Check a 4-digit customs district code on a day.

    The list is partial, so a sub-office it lacks passes when its district (``xx00``) is listed.
    """
    districts = table("customs_district")
    if code not in districts.rows and not districts.complete and re.fullmatch("[0-9]{4}", code):
        code = code[:2] + "00"
    return districts.fault(code, on)


def declaration_fault(text: str, on: date | None = None, flag: str = "") -> Fault | None:
    """Check a number; ``flag`` (IMPORT or EXPORT) says which direction it must have, if any.

    With a day, the year in the number must be that day's or a neighbouring one.
    """
    if not _FORM.fullmatch(text):
        form = "18 digits: 4 district, 4 year, 1 import or 0 export, 9 serial"
        return form_fault("a declaration number", text, form)
    if flag and text[8] != flag:
        ways = {IMPORT: "import (1)", EXPORT: "export (0)"}
        return Fault("declaration_flag", f"{text} is no {ways[flag]} declaration", flag)
    if on is not None and abs(int(text[4:8]) - on.year) > 1:
        return Fault("declaration_year", f"{text} is of {text[4:8]}, the record of {on.year}")
    return district_fault(text[:4], on)
