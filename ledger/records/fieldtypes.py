"""The types of fields: a text that keeps its form, with the pattern that JSON Schema shows.

Values are checked and never changed: a record is signed as it was written.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from typing import Annotated

from pydantic import AfterValidator, ValidationInfo, WithJsonSchema

from ledger.records.codes import table
from ledger.records.faults import Fault, FaultError, form_fault
from ledger.records.moment import TIME_PATTERN, parse_time
from ledger.records.numbers.container import PATTERN as CONTAINER_PATTERN
from ledger.records.numbers.container import container_fault
from ledger.records.numbers.declaration import PATTERN as DECLARATION_PATTERN
from ledger.records.numbers.declaration import declaration_fault, district_fault
from ledger.records.numbers.goods import HS6_PATTERN, HS10_PATTERN, hs6_fault, hs10_fault
from ledger.records.numbers.gs1 import GLN_PATTERN, SSCC_PATTERN, gln_fault, sscc_fault
from ledger.records.numbers.places import LOCODE_PATTERN, locode_fault
from ledger.records.numbers.transport import IMO_PATTERN, imo_fault
from ledger.records.numbers.uscc import PATTERN as USCC_PATTERN
from ledger.records.numbers.uscc import uscc_fault

FaultOf = Callable[[str], Fault | None]
DatedFaultOf = Callable[[str, date | None], Fault | None]


def day_in(info: ValidationInfo) -> date | None:
    """The day of the record that is being read, where the reader said it."""
    on = (info.context or {}).get("on")
    return on if isinstance(on, date) else None


def _checked(fault_of: FaultOf) -> AfterValidator:
    def check(text: str) -> str:
        fault = fault_of(text)
        if fault is not None:
            raise FaultError(fault)
        return text

    return AfterValidator(check)


def _dated(fault_of: DatedFaultOf) -> AfterValidator:
    def check(text: str, info: ValidationInfo) -> str:
        fault = fault_of(text, day_in(info))
        if fault is not None:
            raise FaultError(fault)
        return text

    return AfterValidator(check)


def _coded(name: str) -> AfterValidator:
    return _dated(lambda text, on: table(name).fault(text, on))


def _formed(pattern: str, form: str) -> AfterValidator:
    compiled = re.compile(pattern.removeprefix("^").removesuffix("$"))
    return _checked(
        lambda text: None if compiled.fullmatch(text) else form_fault("of the form", text, form)
    )


def _schema(pattern: str) -> WithJsonSchema:
    return WithJsonSchema({"type": "string", "pattern": pattern})


def _moment(text: str) -> str:
    parse_time(text)
    return text


NUMBER_PATTERN = r"^[0-9A-Z][0-9A-Z._/-]{0,34}$"
DECIMAL_PATTERN = r"^(0|[1-9][0-9]{0,14})(\.[0-9]{1,6})?$"
# Characters that turn the direction of writing are refused: with them a page shows another text.
TEXT_PATTERN = r"^[^\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]{1,500}$"
VEHICLE_PATTERN = r"^[\u4e00-\u9fff]?[0-9A-Z\u4e00-\u9fff-]{3,15}$"
DIGEST_PATTERN = r"^[0-9a-f]{64}$"
MEDIA_TYPE_PATTERN = r"^[a-z0-9][a-z0-9.+-]{0,62}/[a-z0-9][a-z0-9.+-]{0,126}$"
FILE_NAME_PATTERN = (
    r"^[^/\\\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]{1,200}$"
)
KEY_PATTERN = r"^[A-Z]{2,4}:[^\s]{1,100}$"
BASE64_PATTERN = r"^[A-Za-z0-9+/]{4,8192}={0,2}$"
COMPACT_JWS_PATTERN = r"^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$"
UNIT_PATTERN = r"^[0-9A-Z]{2,3}$"

_NUMBER_FORM = "up to 35 capital letters, digits, dots, hyphens, underlines or slashes"
_DECIMAL_FORM = "a decimal number in quotes, without sign, exponent or leading zeros"
_TEXT_FORM = "1 to 500 characters, none that controls lines or the direction of writing"

Time = Annotated[str, AfterValidator(_moment), _schema(TIME_PATTERN)]
Key = Annotated[str, _formed(KEY_PATTERN, "a business key"), _schema(KEY_PATTERN)]
Text = Annotated[str, _formed(TEXT_PATTERN, _TEXT_FORM), _schema(TEXT_PATTERN)]
Number = Annotated[str, _formed(NUMBER_PATTERN, _NUMBER_FORM), _schema(NUMBER_PATTERN)]
Decimal = Annotated[str, _formed(DECIMAL_PATTERN, _DECIMAL_FORM), _schema(DECIMAL_PATTERN)]
Container = Annotated[str, _checked(container_fault), _schema(CONTAINER_PATTERN)]
Uscc = Annotated[str, _checked(uscc_fault), _schema(USCC_PATTERN)]
Imo = Annotated[str, _checked(imo_fault), _schema(IMO_PATTERN)]
Sscc = Annotated[str, _checked(sscc_fault), _schema(SSCC_PATTERN)]
Gln = Annotated[str, _checked(gln_fault), _schema(GLN_PATTERN)]
Locode = Annotated[str, _dated(locode_fault), _schema(LOCODE_PATTERN)]
Hs10 = Annotated[str, _dated(hs10_fault), _schema(HS10_PATTERN)]
Hs6 = Annotated[str, _dated(hs6_fault), _schema(HS6_PATTERN)]
Declaration = Annotated[str, _dated(declaration_fault), _schema(DECLARATION_PATTERN)]
District = Annotated[str, _dated(district_fault), _schema(r"^[0-9]{4}$")]
Currency = Annotated[str, _coded("currency"), _schema(r"^[A-Z]{3}$")]
Country = Annotated[str, _coded("country"), _schema(r"^[A-Z]{2}$")]
CaseCode = Annotated[str, _coded("case_code"), _schema(r"^[a-z][a-z_]{0,31}$")]
EventCode = Annotated[str, _coded("dcsa_equipment_event"), _schema(r"^[A-Z]{4}$")]
Unit = Annotated[str, _formed(UNIT_PATTERN, "a unit code"), _schema(UNIT_PATTERN)]
Vehicle = Annotated[str, _formed(VEHICLE_PATTERN, "a number plate"), _schema(VEHICLE_PATTERN)]
Digest = Annotated[str, _formed(DIGEST_PATTERN, "64 hex digits"), _schema(DIGEST_PATTERN)]
MediaType = Annotated[str, _formed(MEDIA_TYPE_PATTERN, "a media type"), _schema(MEDIA_TYPE_PATTERN)]
FileName = Annotated[
    str, _formed(FILE_NAME_PATTERN, "a file name without a folder"), _schema(FILE_NAME_PATTERN)
]
Base64 = Annotated[str, _formed(BASE64_PATTERN, "base64"), _schema(BASE64_PATTERN)]
CompactJws = Annotated[
    str, _formed(COMPACT_JWS_PATTERN, "a compact JWS"), _schema(COMPACT_JWS_PATTERN)
]


def _incoterm_fault(text: str, on: date | None) -> Fault | None:
    code, _, place = text.partition(" ")
    if not place or len(place) > 60:
        return form_fault("a delivery term", text, "an Incoterms code, a space, the named place")
    return table("incoterm").fault(code, on)


Incoterm = Annotated[str, _dated(_incoterm_fault), _schema(r"^[A-Z]{3} .{1,60}$")]
