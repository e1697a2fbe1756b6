"""Reading what someone typed into a search box: which identifiers it may be, and what is wrong with it.

Answers in codes and facts only; the page words them.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from ledger.records.faults import Fault
from ledger.records.keyform import KeyForm
from ledger.records.keyforms import KEY_FORMS
from ledger.records.numbers.container import container_fault
from ledger.records.numbers.declaration import declaration_fault
from ledger.records.numbers.gs1 import sscc_fault
from ledger.records.numbers.transport import awb_fault, imo_fault
from ledger.records.numbers.uscc import uscc_fault
from ledger.records.record import STRONG

MAX_LENGTH = 200


@dataclass(frozen=True, slots=True)
class Recognised:
    """One thing a text may be.

    Attributes:
        type: of an identifier; also ``statement`` (hex id).
        value: the text in the form in which records carry it.
        problem: code of what is wrong with it (``check_digit_wrong`` …), or None.
        expected: the character that would be right, where one character is wrong.
    """

    type: str
    value: str
    problem: str | None = None
    expected: str | None = None


@dataclass(frozen=True, slots=True)
class _Numbered:
    """An identifier with a form of its own: where its fault is ``identifier_form`` it is not meant."""

    type: str
    pattern: re.Pattern[str]
    fault: Callable[[str], Fault | None]
    canonical: Callable[[str], str] = str


_NUMBERED = (
    _Numbered("container", re.compile(r"[A-Z]{3}[UJZR][0-9]{7}"), container_fault),
    _Numbered("declaration", re.compile(r"[0-9]{18}"), declaration_fault),
    _Numbered("uscc", re.compile(r"[0-9A-Z]{18}"), uscc_fault),
    _Numbered("sscc", re.compile(r"[0-9]{18}"), sscc_fault),
    _Numbered("awb", re.compile(r"[0-9]{11}"), awb_fault, lambda text: f"{text[:3]}-{text[3:]}"),
    _Numbered("imo", re.compile(r"(IMO)?[0-9]{7}"), imo_fault, lambda text: text[-7:]),
)
_KEY = re.compile(r"([A-Z]{2,4})[:](.+)", re.DOTALL)
_HEX = re.compile(r"[0-9A-F]{64}")
_TRANSIT = re.compile(r"[0-9]{4}-[0-9]{4}-[0-9]{2}-[0-9]{6}")
_FREE = re.compile(r"[0-9A-Z][0-9A-Z._/-]{0,34}")
_FREE_TYPES = ("bill", "invoice", "certificate", "seal", "e_lock", "voyage")
_VEHICLE = re.compile(r"[\u4e00-\u9fff]?[0-9A-Z\u4e00-\u9fff-]{3,15}")
# Of these a right one leaves no doubt; a bill may look like a container, an invoice like a ship.
_CERTAIN = frozenset({"declaration", "uscc", "sscc"})


def recognise(text: str) -> list[Recognised]:
    """What the text may be, likeliest first; [] for what cannot be any identifier.

    Spaces, case and full-width forms are put right first. A candidate with a wrong check digit is given
    only where no candidate with a form of its own is right.
    """
    plain = re.sub(r"\s+", "", unicodedata.normalize("NFKC", text[:MAX_LENGTH])).upper()
    key = _KEY.fullmatch(plain)
    if key is not None:
        by_key = _from_key(key[1], key[2])
        if by_key:
            return by_key
    if _HEX.fullmatch(plain):
        return [Recognised(type_, plain.lower()) for type_ in ("statement", "document", "kid")]
    if _TRANSIT.fullmatch(plain):
        return [Recognised("transit", plain)]
    numbered = _numbered(plain)
    if any(found.type in _CERTAIN and found.problem is None for found in numbered):
        return numbered
    return numbered + [Recognised(type_, plain) for type_ in _free_types(plain, numbered)]


def _numbered(plain: str) -> list[Recognised]:
    found: list[Recognised] = []
    digits = re.sub(r"[-/.]", "", plain)
    for known in _NUMBERED:
        if known.pattern.fullmatch(digits):
            value = known.canonical(digits)
            fault = known.fault(value)
            if fault is None:
                found.append(Recognised(known.type, value))
            elif fault.code != "identifier_form":
                found.append(Recognised(known.type, value, fault.code, fault.expected))
    right = [one for one in found if one.problem is None]
    return right or found


def _free_types(plain: str, numbered: list[Recognised]) -> Iterator[str]:
    is_container = any(one.type == "container" and one.problem is None for one in numbered)
    if _FREE.fullmatch(plain):
        yield from ("bill",) if is_container else _FREE_TYPES
    if _VEHICLE.fullmatch(plain) and not is_container:
        yield "vehicle"


def _from_key(prefix: str, rest: str) -> list[Recognised]:
    """What a business key names; a key that lacks its end still names what its parts are."""
    form = KEY_FORMS.get(prefix)
    if form is None:
        return []
    named = _named(form, f"{prefix}:{rest}")
    return named or [one for part in re.split("[:/]", rest) for one in _numbered(part)]


def _named(form: KeyForm, key: str) -> list[Recognised]:
    texts = form.split(key)
    if texts is None:
        return []
    lower = form.prefix in {"DOC", "OP"}
    named = [Recognised(form.whole, key.partition(":")[2])] if form.whole else []
    for part in form.parts:
        if part.identifier:
            value = texts[part.name].lower() if lower else texts[part.name]
            fault = part.fault(value, None)
            named.append(
                Recognised(part.identifier, value, fault.code, fault.expected)
                if fault
                else Recognised(part.identifier, value)
            )
    # A manifest's key names ship, voyage and bill: the bill leads to the consignment.
    return sorted(named, key=lambda one: one.type not in STRONG)
