"""Container numbers (ISO 6346): owner, category letter, six digits, check digit modulo 11."""

from __future__ import annotations

import re

from stdnum import iso6346

from ledger.records.faults import Fault, digit_fault, form_fault

PATTERN = r"^[A-Z]{3}[UJZR][0-9]{7}$"
_FORM = re.compile(PATTERN)


def container_fault(text: str) -> Fault | None:
    """None for a right number; a wrong check digit is answered with the right one.

    About 2 % of typing errors still pass: ISO 6346 writes the remainder 10 as 0.
    """
    if not _FORM.fullmatch(text):
        return form_fault("a container number", text, "4 capital letters and 7 digits")
    expected = iso6346.calc_check_digit(text[:-1])
    return None if text[-1] == expected else digit_fault("container", text, expected)
