"""Whatever is typed or posted: right digits are right, and nothing but an InputError comes out."""

from dataclasses import dataclass

from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.errors import InputError
from ledger.records.identifiers import recognise
from ledger.records.numbers.container import container_fault
from ledger.records.numbers.transport import awb_fault, imo_fault
from ledger.records.numbers.uscc import uscc_fault
from ledger.records.read import glance, read_record
from ledger.testing.scenarios import scenario

BODIES = {
    "container": (st.from_regex(r"[A-Z]{3}[UJZR][0-9]{6}", fullmatch=True), container_fault),
    "imo": (st.from_regex(r"[0-9]{6}", fullmatch=True), imo_fault),
    "awb": (st.from_regex(r"[0-9]{3}-[0-9]{7}", fullmatch=True), awb_fault),
}
STEPS = scenario()


@dataclass(frozen=True)
class Said:
    kind: str
    schema: str
    version: int


@given(st.sampled_from(sorted(BODIES)), st.data())
def test_exactly_one_check_digit_is_right_and_it_is_the_one_said(name, data):
    body_of, check = BODIES[name]
    body = data.draw(body_of)
    faults = {digit: check(body + digit) for digit in "0123456789"}
    (right,) = [digit for digit, fault in faults.items() if fault is None]
    assert {fault.expected for fault in faults.values() if fault} == {right}


@given(
    st.from_regex(r"[1-9ANY][0-9][0-9]{6}[0-9A-HJ-NPQRTUWXY]{8}", fullmatch=True),
)
def test_a_credit_code_is_put_right_by_what_is_said(body):
    said = {digit: uscc_fault(f"{body}{digit}0") for digit in "0123456789X"}
    (inner,) = [digit for digit, fault in said.items() if not fault or "17th" not in fault.detail]
    assert {fault.expected for digit, fault in said.items() if digit != inner} == {inner}
    outer = uscc_fault(f"{body}{inner}0")
    right = outer.expected if outer else "0"
    assert uscc_fault(f"{body}{inner}{right}") is None


@given(st.text(max_size=250))
def test_anything_may_be_typed(text):
    for one in recognise(text):
        assert one.value
        assert one.type


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=40),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4)
    ),
    max_leaves=8,
)


@settings(max_examples=300)
@given(st.sampled_from(STEPS), st.data())
def test_whatever_stands_in_a_field_only_an_input_error_comes_out(step, data):
    name = data.draw(st.sampled_from([*sorted(step.fields), "reason", "unknown"]))
    value = data.draw(JSON)
    fields = {**step.fields, name: value}
    said = Said(step.kind, f"{step.kind}/1", step.version)
    glance(step.kind, fields)
    try:
        told = read_record(said, fields).key
    except InputError as error:
        told = error.path
    assert told == fields["key"] or told.startswith("/fields/")
