"""Which slots of a record may travel how far; whatever is not known here may not travel."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from pydantic import BaseModel

from ledger.errors import InputError
from ledger.records.fieldwalk import graded_fields, highest_grade, part_of
from ledger.records.grading import Grade
from ledger.records.registry import kind_of

__all__ = ["PRIVATE_IDENTIFIERS", "Grade", "grade_of", "mirrored", "public"]

Path: TypeAlias = tuple[str | int, ...]

PRIVATE_IDENTIFIERS = frozenset({"uscc"})
"""Types of identifier that stand in fields of grade G3: finding a record by one tells a reader a field
that is closed to it, so only readers with rights may search by them (operators' own are open)."""


def grade_of(kind: str, path: Path) -> Grade:
    """The grade of the field, list item or member at a path within ``fields``.

    Raises InputError: kind_unknown, or field_unknown where the kind has no such field.
    """
    return _grade(kind_of(kind).model, path, path)


def public(kind: str) -> Callable[[Path], bool]:
    """Whether a slot is open to anyone who names a full identifier (grades G1 and G2, DESIGN D8)."""
    return _up_to(kind, Grade.G2)


def mirrored(kind: str) -> Callable[[Path], bool]:
    """Whether the other regions hold a slot in clear: what is public, and identifiers up to G3."""
    is_public = public(kind)

    def wanted(path: Path) -> bool:
        try:
            model = kind_of(kind).model
            name = str(path[0])
            holds_identifier = bool(graded_fields(model)[name].identifier)
        except (InputError, KeyError, IndexError):
            return False
        return is_public(path) or (holds_identifier and highest_grade(model, name) <= Grade.G3)

    return wanted


def _up_to(kind: str, most: Grade) -> Callable[[Path], bool]:
    def wanted(path: Path) -> bool:
        try:
            return grade_of(kind, path) <= most
        except InputError:
            return False

    return wanted


def _grade(model: type[BaseModel], path: Path, whole: Path) -> Grade:
    name, rest = (path[0], path[1:]) if path else ("", ())
    if not isinstance(name, str) or name not in model.model_fields:
        raise InputError("field_unknown", "the kind has no such field", pointer(whole))
    inside = tuple(step for step in rest if isinstance(step, str))
    inner = part_of(model, name)
    if not inside:
        return highest_grade(model, name)
    if inner is None:
        raise InputError("field_unknown", "the field has no members", pointer(whole))
    # A member is shown inside its field: it is graded at least as that field itself.
    return max(graded_fields(model)[name].grade, _grade(inner, inside, whole))


def pointer(path: Path) -> str:
    """JSON Pointer (RFC 6901) of a field within a statement's payload."""
    steps = (str(step).replace("~", "~0").replace("/", "~1") for step in path)
    return "/".join(["/fields", *steps])
