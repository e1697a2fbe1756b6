"""What a model says about each of its fields: the grade beside it, and the parts inside it."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Any, get_args

from pydantic import BaseModel

from ledger.records.grading import Grade, Graded


@lru_cache
def graded_fields(model: type[BaseModel]) -> dict[str, Graded]:
    """The Graded of each field; raises TypeError for a field without one, at first use."""
    found: dict[str, Graded] = {}
    for name, info in model.model_fields.items():
        marks = [mark for mark in info.metadata if isinstance(mark, Graded)]
        if len(marks) != 1:
            raise TypeError(f"{model.__name__}.{name} has no grade")
        found[name] = marks[0]
    return found


@lru_cache
def part_of(model: type[BaseModel], name: str) -> type[BaseModel] | None:
    """The model of the objects inside a field, if it holds objects."""
    return next(_models(model.model_fields[name].annotation), None)


@lru_cache
def highest_grade(model: type[BaseModel], name: str) -> Grade:
    """The grade of a field as a whole: the highest of its own and its members'."""
    own = graded_fields(model)[name].grade
    inner = part_of(model, name)
    if inner is None:
        return own
    return max(own, *(highest_grade(inner, member) for member in inner.model_fields))


@lru_cache
def fields_of_grade(model: type[BaseModel], grade: Grade) -> frozenset[str]:
    """The fields whose highest grade is this one."""
    return frozenset(name for name in model.model_fields if highest_grade(model, name) is grade)


@lru_cache
def identifier_fields(model: type[BaseModel]) -> tuple[tuple[str, str], ...]:
    """(field, type of identifier) of the fields that hold one."""
    found = graded_fields(model).items()
    return tuple((name, graded.identifier) for name, graded in found if graded.identifier)


def _models(annotation: Any) -> Iterator[type[BaseModel]]:  # noqa: ANN401 - a type, of any shape
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for argument in get_args(annotation):
        yield from _models(argument)
