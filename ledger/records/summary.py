"""What a timeline shows of a record first, as data: the page words it."""

from __future__ import annotations

from collections.abc import Mapping

from ledger.errors import InputError
from ledger.records.grades import public
from ledger.records.registry import kind_of


def summary(kind: str, fields: Mapping[str, object]) -> tuple[tuple[str, object], ...]:
    """(name, value) of the kind's leading fields that are public and open, in order.

    A reader who may see more is shown the same line. () for a kind not known here.
    """
    try:
        names = kind_of(kind).summary
    except InputError:
        return ()
    is_public = public(kind)
    return tuple(
        (name, fields[name])
        for name in names
        if isinstance(fields.get(name), str | int | list) and is_public((name,))
    )
