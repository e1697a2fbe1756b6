"""The identifiers a record names, in its key and in the fields that are open."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ledger.records.fieldwalk import identifier_fields
from ledger.records.kind import Kind
from ledger.records.record import Identifier, identifier


def identifiers_of(kind: Kind, fields: Mapping[str, object]) -> tuple[Identifier, ...]:
    """Identifiers in these fields, sorted; anything that is not a text (a closed slot) is left out."""
    found = set(_in_fields(kind, fields))
    key = fields.get("key")
    if isinstance(key, str):
        found.update(identifier(type_, value) for type_, value in kind.key.identifiers(key))
    return tuple(sorted(found))


def _in_fields(kind: Kind, fields: Mapping[str, object]) -> Iterator[Identifier]:
    for name, type_ in identifier_fields(kind.model):
        value = fields.get(name)
        values = value if isinstance(value, list | tuple) else (value,)
        yield from (identifier(type_, one) for one in values if isinstance(one, str))
