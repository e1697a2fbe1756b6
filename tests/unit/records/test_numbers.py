"""Known numbers of the world outside, and the traps that libraries fall into."""

import pytest
from stdnum.cn import uscc

from ledger.records.faults import Fault
from ledger.records.numbers.container import container_fault
from ledger.records.numbers.declaration import EXPORT, IMPORT, declaration_fault
from ledger.records.numbers.goods import hs6_fault, hs10_fault
from ledger.records.numbers.gs1 import gln_fault, sscc_fault
from ledger.records.numbers.places import locode_fault
from ledger.records.numbers.transport import awb_fault, imo_fault
from ledger.records.numbers.uscc import uscc_fault
from ledger.testing.scenarios import parties


@pytest.mark.parametrize(
    ("check", "good", "bad", "right"),
    [
        (container_fault, "CSQU3054383", "CSQU3054384", "3"),
        (container_fault, "DEMU0000016", "DEMU0000026", "1"),
        (imo_fault, "9074729", "9074728", "9"),
        (awb_fault, "000-12345675", "000-12345674", "5"),
        (sscc_fault, "106141412345678908", "106141412345678909", "8"),
        (gln_fault, "9501101530003", "9501101530004", "3"),
        (uscc_fault, "91350100M000100Y43", "91350100M000100Y44", "3"),
    ],
)
def test_known_numbers(check, good, bad, right):
    assert check(good) is None
    fault = check(bad)
    assert (fault.code, fault.expected) == ("check_digit_wrong", right)


def test_the_sample_bill_of_the_trace_vocabulary_has_a_wrong_container():
    assert container_fault("APZU5985096") is not None


@pytest.mark.parametrize(
    "text", ["csqu3054383", "CSQU 305438 3", "CSQ\u0130305438", "CSQX3054383", ""]
)
def test_a_container_is_taken_in_its_own_spelling_only(text):
    assert container_fault(text).code == "identifier_form"


def test_the_inner_check_digit_counts_although_the_outer_is_right():
    assert uscc.is_valid("91110000600037342P")
    assert uscc_fault("91110000600037342P") == Fault(
        "check_digit_wrong",
        "the 17th character of 91110000600037342P (GB 11714 check digit) should be 1",
        "1",
    )
    assert uscc_fault("91110000600037341L") is None


@pytest.mark.parametrize("letter", "ANY")
def test_an_authority_with_a_letter_is_known(letter):
    body = f"{letter}111000060003734" + "1"
    code = body + uscc.calc_check_digit(body)
    assert not uscc.is_valid(code)
    assert uscc_fault(code) is None


def test_lower_case_is_refused_and_the_right_spelling_said():
    fault = uscc_fault("91110000600037341l")
    assert (fault.code, fault.expected) == ("identifier_form", "91110000600037341L")


def test_the_parties_have_right_codes():
    codes = [party.uscc for party in parties().values() if party.uscc]
    assert len(codes) == 15
    assert [code for code in codes if uscc_fault(code)] == []


@pytest.mark.parametrize(
    ("text", "flag", "code"),
    [
        ("010120261000000001", IMPORT, None),
        ("010120260000000001", EXPORT, None),
        ("010120261000000001", EXPORT, "declaration_flag"),
        ("010120262000000001", "", "identifier_form"),
        ("01012026100000001", "", "identifier_form"),
        ("010119261000000001", "", "identifier_form"),
        ("990120261000000001", "", "code_unknown"),
    ],
)
def test_declaration_numbers(text, flag, code):
    fault = declaration_fault(text, None, flag)
    assert (fault.code if fault else None) == code


def test_goods_are_known_by_heading_and_subheading():
    assert hs10_fault("8708999990") is None
    assert hs10_fault("8708909990").code == "code_unknown"
    assert hs10_fault("870899999").code == "identifier_form"
    assert hs6_fault("850000").code == "code_unknown"


def test_places_outside_the_three_regions_need_form_and_country():
    assert locode_fault("CNTXG") is None
    assert locode_fault("KRPUS") is None
    assert locode_fault("ZZPUS").code == "code_unknown"
    assert locode_fault("CN TXG").code == "identifier_form"
