"""Reading a record: every rule of its kind, with the path of whatever breaks one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import ValidationError

from ledger.errors import InputError
from ledger.records.base import RecordFields
from ledger.records.faults import Fault, FaultError
from ledger.records.fieldwalk import fields_of_grade
from ledger.records.grades import Path, pointer
from ledger.records.grading import Grade
from ledger.records.kind import Kind
from ledger.records.links import identifiers_of
from ledger.records.moment import day_of, parse_time
from ledger.records.record import ClaimsRead, Record
from ledger.records.registry import kind_of

_CHANGE_FIELDS = ("change", "reason", "case_code")
# pydantic's names for what was wrong; every other one is a value out of its range or list.
_FAULTS = {
    "extra_forbidden": Fault("field_unknown", "the kind has no such field or member"),
    "missing": Fault("field_missing", "the kind requires this field"),
}


def read_record(claims: ClaimsRead, fields: Mapping[str, Any]) -> Record:
    """Check all fields of a statement, every slot opened, against its kind.

    Raises:
        InputError: with the JSON Pointer of the claim or field; codes as in docs/protocol/problems.md.
    """
    return read_as(kind_of(claims.kind), claims, fields)


def read_as(kind: Kind, claims: ClaimsRead, fields: Mapping[str, Any]) -> Record:
    """`read_record` for a kind at hand, listed or not."""
    if claims.schema != kind.schema:
        detail = f"{claims.schema!r} is not {kind.schema}, the schema of this kind"
        raise InputError("schema_unknown", detail, "/schema")
    _refuse_null(fields, ())
    _refuse_core(kind, fields)
    _check_model(kind, fields)
    fault = kind.key.fault(fields)
    if fault is not None:
        raise InputError(fault.code, fault.detail, pointer(("key",)))
    _check_change(claims.version, fields)
    return Record(
        kind=kind.name,
        key=fields["key"],
        time=parse_time(fields["time"]),
        identifiers=identifiers_of(kind, fields),
        change=fields.get("change"),
    )


def glance(kind: str, fields: Mapping[str, object]) -> Record | None:
    """What the open fields of an already accepted statement tell a reader who may not see them all.

    Checks nothing beyond form; closed fields count as absent. None where key or time is closed or the
    kind is not known here (a newer one).
    """
    key, text = fields.get("key"), fields.get("time")
    if not isinstance(key, str) or not isinstance(text, str):
        return None
    try:
        known, time = kind_of(kind), parse_time(text)
    except (InputError, FaultError):
        return None
    change = fields.get("change")
    change = change if isinstance(change, str) else None
    return Record(kind, key, time, identifiers_of(known, fields), change)


def _check_model(kind: Kind, fields: Mapping[str, Any]) -> RecordFields:
    time = fields.get("time")
    context = {"on": day_of(time)} if isinstance(time, str) and _is_time(time) else {}
    try:
        return kind.model.model_validate(dict(fields), context=context)
    except ValidationError as error:
        raise _input_error(error) from error


def _is_time(text: str) -> bool:
    try:
        parse_time(text)
    except FaultError:
        return False
    return True


def _input_error(error: ValidationError) -> InputError:
    first = error.errors(include_url=False)[0]
    path: Path = tuple(first["loc"])
    cause = first.get("ctx", {}).get("error")
    if isinstance(cause, FaultError):
        at = (*path, cause.at) if cause.at else path
        return InputError(cause.fault.code, cause.fault.detail, pointer(at))
    code = "field_type" if "_type" in first["type"] else "field_value"
    fault = _FAULTS.get(first["type"], Fault(code, str(first["msg"])))
    return InputError(fault.code, fault.detail, pointer(path))


def _refuse_null(value: object, path: Path) -> None:
    # An optional field is left out; null would be a second way to say so, and no statement carries it.
    if value is None:
        raise InputError("field_null", "null is no value: leave the field out", pointer(path))
    for step, member in _members(value):
        _refuse_null(member, (*path, step))


def _members(value: object) -> Iterator[tuple[str | int, object]]:
    if isinstance(value, Mapping):
        yield from value.items()
    elif isinstance(value, list | tuple):
        yield from enumerate(value)


def _refuse_core(kind: Kind, fields: Mapping[str, Any]) -> None:
    graded_core = sorted(fields_of_grade(kind.model, Grade.CORE) & fields.keys())
    declared = ["classification"] if fields.get("classification") == "core" else []
    for name in graded_core + declared:
        detail = "core data do not belong on this platform (GB/T 43697)"
        raise InputError("core_data", detail, pointer((name,)))


def _check_change(version: int, fields: Mapping[str, Any]) -> None:
    for name in _CHANGE_FIELDS:
        fault = _change_fault(version, name in fields)
        if fault is not None:
            raise InputError(fault.code, fault.detail, pointer((name,)))


def _change_fault(version: int, present: bool) -> Fault | None:
    if version == 1 and present:
        return Fault("change_in_first_version", "version 1 changes nothing")
    if version > 1 and not present:
        return Fault("field_missing", "versions from 2 on say what changed and why")
    return None
