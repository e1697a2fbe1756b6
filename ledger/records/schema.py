"""JSON Schemas of the kinds, made from the models; grades and titles stand beside each field."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel

from ledger.records.fieldwalk import graded_fields, highest_grade, part_of
from ledger.records.grading import Grade, Graded
from ledger.records.registry import kind_of

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def json_schema(kind: str) -> dict[str, Any]:
    """JSON Schema (2020-12) of the opened ``fields`` of a kind; raises InputError(kind_unknown).

    Beyond the standard words: ``x-title``, ``x-grade``, ``x-personal``, ``x-commercial`` and
    ``x-identifier`` of each field; ``x-key``, ``x-summary`` and ``x-amenders`` of the kind. Check digits
    and code lists are more than a schema can say; see the identifiers.
    """
    known = kind_of(kind)
    made = _without_null(known.model.model_json_schema())
    _mark(made, known.model)
    for name, part in _parts(known.model).items():
        _mark(made["$defs"][name], part)
    made.pop("title", None)
    return {
        "$schema": DIALECT,
        "$id": f"urn:jjj:schema:{known.schema}",
        "x-title": known.titles,
        "x-key": str(known.key),
        "x-summary": list(known.summary),
        "x-amenders": sorted(known.amenders),
        **made,
    }


def _parts(model: type[BaseModel]) -> dict[str, type[BaseModel]]:
    inner = (part_of(model, name) for name in model.model_fields)
    return {part.__name__: part for part in inner if part is not None}


def _mark(schema: dict[str, Any], model: type[BaseModel]) -> None:
    schema.pop("title", None)
    schema.pop("description", None)
    for name, graded in graded_fields(model).items():
        field = schema["properties"][name]
        field.pop("title", None)
        field.update(_words(graded, highest_grade(model, name)))


def _words(graded: Graded, grade: Grade) -> dict[str, Any]:
    words: dict[str, Any] = {
        "x-title": {"zh-CN": graded.zh, "en": graded.en},
        "x-grade": grade.name,
        "x-personal": graded.personal.value,
        "x-commercial": graded.commercial,
    }
    if graded.identifier:
        words["x-identifier"] = graded.identifier
    return words


def _without_null(node: Any) -> Any:  # noqa: ANN401 - any JSON value
    """An optional field may be left out, but null is never a value of it."""
    if isinstance(node, list):
        return [_without_null(item) for item in node]
    if not isinstance(node, dict):
        return node
    kept = {k: _without_null(v) for k, v in node.items() if not (k == "default" and v is None)}
    choices = [c for c in kept.get("anyOf", []) if c != {"type": "null"}]
    if len(choices) == 1:
        kept.pop("anyOf")
        return {**choices[0], **kept}
    return kept
