"""What reading a record refuses, and where it says the fault is."""

from dataclasses import dataclass, replace
from typing import Annotated

import pytest

from ledger.errors import InputError
from ledger.records.base import RecordFields
from ledger.records.fieldtypes import Text
from ledger.records.grading import CORE, Graded
from ledger.records.read import glance, read_as, read_record
from ledger.records.record import Identifier
from ledger.records.registry import KINDS
from ledger.testing.scenarios import scenario

STEPS = {step.number: step for step in scenario("S1")}


@dataclass(frozen=True)
class Said:
    kind: str
    schema: str
    version: int = 1


def read(number, *, without=(), version=None, **changed):
    step = STEPS[number]
    fields = {k: v for k, v in step.fields.items() if k not in without} | changed
    return read_record(Said(step.kind, f"{step.kind}/1", version or step.version), fields)


def refusal(number, **changed):
    with pytest.raises(InputError) as caught:
        read(number, **changed)
    return caught.value.code, caught.value.path


@pytest.mark.parametrize("number", STEPS)
def test_every_step_of_the_sea_import_is_read(number):
    record = read(number)
    assert record.key == STEPS[number].fields["key"]
    assert record.kind == STEPS[number].kind


def test_time_is_milliseconds_since_1970():
    assert read(1).time == 1772413200000
    assert read(7, time="2026-03-06T08:00:00.123+08:00").time - read(7).time == 123


def test_identifiers_are_strong_or_weak():
    assert read(9).identifiers == (
        Identifier("bill", "DEMOB26000001", True),
        Identifier("container", "DEMU0000016", True),
        Identifier("e_lock", "DEMOLOCK001", False),
        Identifier("transit", "0202-0101-26-000001", True),
        Identifier("vehicle", "津DEMO01", False),
    )


@pytest.mark.parametrize(
    ("number", "changed", "code", "path"),
    [
        (4, {"sael": "DEMOSEAL001"}, "field_unknown", "/fields/sael"),
        (4, {"a/b~c": "x"}, "field_unknown", "/fields/a~1b~0c"),
        (4, {"seal": None}, "field_null", "/fields/seal"),
        (4, {"gross_kg": 2104}, "field_type", "/fields/gross_kg"),
        (4, {"gross_kg": 2104.0}, "field_type", "/fields/gross_kg"),
        (4, {"gross_kg": "2,104.0"}, "identifier_form", "/fields/gross_kg"),
        (4, {"gross_kg": "02104"}, "identifier_form", "/fields/gross_kg"),
        (4, {"packages": True}, "field_type", "/fields/packages"),
        (4, {"packages": "24"}, "field_type", "/fields/packages"),
        (4, {"packages": 0}, "field_value", "/fields/packages"),
        (4, {"pol": "XXPUS"}, "code_unknown", "/fields/pol"),
        (4, {"pol": "krpus"}, "identifier_form", "/fields/pol"),
        (4, {"container": "DEMU0000015"}, "check_digit_wrong", "/fields/container"),
        (4, {"container": "DEMU0000016\n"}, "identifier_form", "/fields/container"),
        (
            4,
            {"other_containers": ["DEMU0000015"]},
            "check_digit_wrong",
            "/fields/other_containers/0",
        ),
        (4, {"shipper": "price \u202eDSU"}, "identifier_form", "/fields/shipper"),
        (1, {"currency": "USS"}, "code_unknown", "/fields/currency"),
        (1, {"currency": "HRK"}, "code_not_in_force", "/fields/currency"),
        (1, {"incoterm": "FOX KRPUS"}, "code_unknown", "/fields/incoterm"),
        (1, {"amounts": ["1.00", "2.00"]}, "list_length", "/fields/amounts"),
        (5, {"imo": "9999994"}, "check_digit_wrong", "/fields/imo"),
        (7, {"dcsa": "DISX"}, "code_unknown", "/fields/dcsa"),
        (7, {"time": "2026-03-06T08:00:00"}, "time_malformed", "/fields/time"),
        (7, {"time": "2026-03-06T08:00:60+08:00"}, "time_malformed", "/fields/time"),
        (7, {"time": "2026-02-30T08:00:00+08:00"}, "time_malformed", "/fields/time"),
        (7, {"time": "2026-03-06T00:00:00-00:00"}, "time_malformed", "/fields/time"),
        (9, {"to_customs": "9901"}, "code_unknown", "/fields/to_customs"),
        (16, {"consignee": "91130600DEMH00044K"}, "check_digit_wrong", "/fields/consignee"),
        (16, {"consignee": "91130600demh00044l"}, "identifier_form", "/fields/consignee"),
        (13, {"case_code": "correction"}, "case_not_allowed", "/fields/case_code"),
    ],
)
def test_a_wrong_field_is_refused_by_its_path(number, changed, code, path):
    assert refusal(number, **changed) == (code, path)


def test_a_member_of_a_line_is_named():
    line = STEPS[1].fields["lines"][0]
    assert refusal(1, lines=[line, line | {"price": "1"}]) == (
        "field_unknown",
        "/fields/lines/1/price",
    )
    assert refusal(1, lines=[line | {"hs10": "8708999"}]) == (
        "identifier_form",
        "/fields/lines/0/hs10",
    )
    assert refusal(1, lines=[line | {"hs10": "8708909990"}])[0] == "code_unknown"
    assert refusal(1, lines=[line | {"origin": None}]) == ("field_null", "/fields/lines/0/origin")


def test_a_missing_field_is_named():
    assert refusal(4, without=("invoice",)) == ("field_missing", "/fields/invoice")
    assert refusal(4, without=("time",)) == ("field_missing", "/fields/time")


@pytest.mark.parametrize(
    ("number", "changed", "right"),
    [
        (4, {"container": "DEMU0000015"}, "6"),
        (5, {"imo": "9999994"}, "3"),
        (16, {"consignee": "91130600DEMH00044K"}, "L"),
        (16, {"consignee": "91110000600037342P"}, "1"),
    ],
)
def test_a_wrong_check_digit_is_answered_with_the_right_one(number, changed, right):
    with pytest.raises(InputError, match=f"should be {right}"):
        read(number, **changed)


@pytest.mark.parametrize(
    ("number", "changed"),
    [
        (1, {"key": "PL:DEMO-KR-26-0001"}),
        (1, {"key": "INV:demo"}),
        (5, {"voyage": "043W"}),
        (5, {"imo": "9074729"}),
        (7, {"dcsa": "LOAD"}),
        (7, {"time": "2026-03-06T08:00:01+08:00"}),
        (7, {"key": "EV:DISC:DEMU0000016"}),
        (7, {"key": "EV:DISC:DEMU0000015:20260306T000000Z"}),
        (9, {"from_customs": "0201"}),
        (9, {"key": "TT:0202-0101-25-000001"}),
        (12, {"key": "INS:010120260000000001"}),
        (12, {"key": "INS:010120211000000001"}),
        (12, {"key": "INS:990120261000000001"}),
        (12, {"key": "INS:10120261000000001"}),
        (16, {"time": "2026-03-07T08:00:00+08:00"}),
    ],
)
def test_a_key_that_disagrees_with_its_record_is_refused(number, changed):
    assert refusal(number, **changed)[1] == "/fields/key"


def test_an_unlisted_office_of_a_listed_district_passes():
    assert read(9, key="TT:0202-0199-26-000001", to_customs="0199").kind == "transit_declaration"


def test_only_later_versions_say_what_changed():
    assert refusal(6, change="amended") == ("change_in_first_version", "/fields/change")
    assert refusal(6, case_code="tax") == ("change_in_first_version", "/fields/case_code")
    for name in ("change", "reason", "case_code"):
        assert refusal(13, without=(name,)) == ("field_missing", f"/fields/{name}")
    assert refusal(13, change="deleted") == ("field_value", "/fields/change")
    assert refusal(13, case_code="because") == ("code_unknown", "/fields/case_code")
    assert read(13).change == "amended"
    assert read(13, change="withdrawn").change == "withdrawn"


def test_an_unknown_kind_or_schema_is_refused():
    with pytest.raises(InputError) as kind:
        read_record(Said("bill", "bill/1"), {})
    assert (kind.value.code, kind.value.path) == ("kind_unknown", "/kind")
    with pytest.raises(InputError) as schema:
        read_record(Said("release", "release/2"), STEPS[15].fields)
    assert (schema.value.code, schema.value.path) == ("schema_unknown", "/schema")


def test_core_data_are_refused_however_they_are_marked():
    digest = "ab" * 32
    document = {
        "key": f"DOC:{digest}",
        "time": "2026-03-02T09:00:00Z",
        "sha256": digest,
        "size": 3,
        "media_type": "application/pdf",
        "document_type": "invoice",
    }
    said = Said("document", "document/1")
    assert read_record(said, document | {"classification": "important"}).key == document["key"]
    with pytest.raises(InputError) as declared:
        read_record(said, document | {"classification": "core"})
    assert (declared.value.code, declared.value.path) == ("core_data", "/fields/classification")

    class Deeper(RecordFields):
        plan: Annotated[Text | None, Graded(CORE, "计划", "Plan")] = None

    kind = replace(KINDS["release"], model=Deeper)
    fields = {"key": "REL:010120261000000001", "time": "2026-03-07T03:00:00+08:00"}
    assert read_as(kind, Said("release", "release/1"), fields).kind == "release"
    with pytest.raises(InputError) as graded:
        read_as(kind, Said("release", "release/1"), fields | {"plan": "x"})
    assert (graded.value.code, graded.value.path) == ("core_data", "/fields/plan")


def test_a_document_is_named_by_its_own_digest():
    digest = "ab" * 32
    fields = {
        "key": f"DOC:{digest}",
        "time": "2026-03-02T09:00:00Z",
        "sha256": "cd" * 32,
        "size": 3,
        "media_type": "application/pdf",
        "document_type": "invoice",
    }
    with pytest.raises(InputError) as caught:
        read_record(Said("document", "document/1"), fields)
    assert (caught.value.code, caught.value.path) == ("key_disagrees", "/fields/key")


def test_a_glance_uses_open_fields_only():
    closed = object()
    fields = dict.fromkeys(STEPS[16].fields, closed) | {
        name: STEPS[16].fields[name] for name in ("key", "time")
    }
    seen = glance("delivery", fields)
    assert seen is not None
    assert [one.type for one in seen.identifiers] == ["container"]
    assert glance("delivery", fields | {"key": closed}) is None
    assert glance("newer_kind", fields) is None
    assert glance("import_declaration", STEPS[13].fields) == read(13)
