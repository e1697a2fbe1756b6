"""Titles of kinds, fields, regions and firms, and values as text, in the reader's language."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import orjson

from gateway.texts import Texts
from ledger.bundle import Evidence
from ledger.errors import InputError, VerificationError
from ledger.records.fieldwalk import graded_fields
from ledger.records.registry import kind_of
from ledger.statement.sdjwt import open_slots, parse


def kind_title(kind: str, texts: Texts) -> str:
    """Title of a kind; its name where it is not known here."""
    try:
        return kind_of(kind).titles[texts.lang]
    except InputError:
        return kind


def field_title(kind: str, name: str, texts: Texts) -> str:
    """Title of a field of a kind; its name where it is not known here."""
    try:
        graded = graded_fields(kind_of(kind).model)[name]
    except (InputError, KeyError):
        return name
    return graded.en if texts.lang == "en" else graded.zh


def region_title(region: str, texts: Texts) -> str:
    """Title of a region; its name where the catalogue has none."""
    return texts.regions.get(region, region)


def value_text(value: object, texts: Texts) -> str:
    """A field's value as a person reads it."""
    match value:
        case bool():
            return {True: ("是", "yes"), False: ("否", "no")}[value][texts.lang == "en"]
        case str() | int():
            return str(value)
        case None:
            return "–"
        case list():
            return ", ".join(value_text(item, texts) for item in value)
        case _:
            return orjson.dumps(value, default=str).decode()


def operator_names(operators: Iterable[Evidence]) -> Mapping[str, str]:
    """Name of each firm by its ``iss``, as its operator record says it."""
    names: dict[str, str] = {}
    for evidence in operators:
        fields = _fields(evidence.statement)
        uscc, name = fields.get("uscc"), fields.get("name")
        if isinstance(uscc, str) and isinstance(name, str):
            names[f"urn:uscc:{uscc}"] = name
    return names


def _fields(statement: str) -> Mapping[str, Any]:
    try:
        return open_slots(parse(statement)).fields
    except VerificationError:
        return {}
