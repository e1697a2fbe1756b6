"""What a search box makes of what people type."""

import pytest

from ledger.records.identifiers import Recognised, recognise
from ledger.records.keyforms import KEY_FORMS
from ledger.records.registry import KINDS


def test_every_kind_has_a_prefix_of_its_own():
    assert {kind.key.prefix for kind in KINDS.values()} == set(KEY_FORMS)
    assert len(KEY_FORMS) == len(KINDS)


@pytest.mark.parametrize(
    ("typed", "type_", "value"),
    [
        ("DEMU0000016", "container", "DEMU0000016"),
        (" demu 000001-6 ", "container", "DEMU0000016"),
        ("ＤＥＭＵ００００１６", "bill", "DEMU000016"),
        ("ＤＥＭＵ０００００１６", "container", "DEMU0000016"),
        ("010120261000000001", "declaration", "010120261000000001"),
        ("DEC:010120261000000001", "declaration", "010120261000000001"),
        ("BL:DEMOB26000001", "bill", "DEMOB26000001"),
        ("bl：demob26000001", "bill", "DEMOB26000001"),
        ("DEMOB26000001", "bill", "DEMOB26000001"),
        ("INV:DEMO-KR-26-0001", "invoice", "DEMO-KR-26-0001"),
        ("CO:DEMO-RCEP-KR-26-0001", "certificate", "DEMO-RCEP-KR-26-0001"),
        ("MF:9999993/042W/DEMOB26000001", "bill", "DEMOB26000001"),
        ("TT:0202-0101-26-000001", "transit", "0202-0101-26-000001"),
        ("0202-0101-26-000001", "transit", "0202-0101-26-000001"),
        ("EV:DISC:DEMU0000016:20260306T000000Z", "container", "DEMU0000016"),
        ("EV:DISC:DEMU0000016", "container", "DEMU0000016"),
        ("91110000600037341l", "uscc", "91110000600037341L"),
        ("IMO 9999993", "imo", "9999993"),
        ("000-12345675", "awb", "000-12345675"),
        ("00012345675", "awb", "000-12345675"),
        ("AB" * 32, "statement", "ab" * 32),
        ("DOC:" + "ab" * 32, "document", "ab" * 32),
        ("津DEMO01", "vehicle", "津DEMO01"),
    ],
)
def test_the_likeliest_reading_comes_first(typed, type_, value):
    assert recognise(typed)[0] == Recognised(type_, value)


@pytest.mark.parametrize(
    ("typed", "type_", "right"),
    [
        ("DEMU0000015", "container", "6"),
        ("9999994", "imo", "3"),
        ("000-12345674", "awb", "5"),
        ("91110000600037341M", "uscc", "L"),
        ("91110000600037342P", "uscc", "1"),
        ("EV:DISC:DEMU0000015:20260306T000000Z", "container", "6"),
    ],
)
def test_a_wrong_check_digit_is_said_with_the_right_one(typed, type_, right):
    first = recognise(typed)[0]
    assert (first.type, first.problem, first.expected) == (type_, "check_digit_wrong", right)


def test_a_digest_may_be_of_three_things():
    assert [one.type for one in recognise("ab" * 32)] == ["statement", "document", "kid"]


def test_a_bill_that_looks_like_a_container_is_still_searched_for():
    assert Recognised("bill", "DEMU0000016") in recognise("DEMU0000016")
    assert Recognised("bill", "DEMU0000015") in recognise("DEMU0000015")


@pytest.mark.parametrize("typed", ["", "   ", "<script>", "a b ? c", "\u202e"])
def test_what_no_identifier_can_be_gives_nothing(typed):
    assert recognise(typed) == []
