"""Unified Social Credit Codes (GB 32100-2015) with the organisation code inside (GB 11714-1997)."""

from __future__ import annotations

import re

from stdnum.cn import uscc

from ledger.records.faults import Fault, digit_fault, form_fault

_ALPHABET = "0-9A-HJ-NPQRTUWXY"
# The registering authority may be a letter (A, N, Y); stdnum refuses those, so the form is ours.
PATTERN = rf"^[1-9ANY][{_ALPHABET}][0-9]{{6}}[{_ALPHABET}]{{10}}$"
_FORM = re.compile(PATTERN)
_INNER_WEIGHTS = (3, 7, 9, 10, 5, 8, 4, 2)


def uscc_fault(text: str) -> Fault | None:
    """None for a right code; a wrong check character is answered with the right one.

    The inner check digit (17th character) comes first: when it is corrected, the last one changes.
    """
    if not _FORM.fullmatch(text):
        form = "18 digits and capital letters without I, O, S, V, Z"
        fault = form_fault("a unified social credit code", text, form)
        upper = text.upper()
        return Fault(fault.code, fault.detail, upper if _FORM.fullmatch(upper) else None)
    inner = _inner_check_digit(text[8:16])
    if text[16] != inner:
        detail = f"the 17th character of {text} (GB 11714 check digit) should be {inner}"
        return Fault("check_digit_wrong", detail, inner)
    expected = uscc.calc_check_digit(text[:17])
    return None if text[17] == expected else digit_fault("USCC", text, expected)


def _inner_check_digit(body: str) -> str:
    # int(c, 36) gives A = 10 … Z = 35, as GB 11714 counts them.
    rest = sum(int(c, 36) * w for c, w in zip(body, _INNER_WEIGHTS, strict=True)) % 11
    return "0X987654321"[rest]
