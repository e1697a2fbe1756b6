import re
from pathlib import Path

import pytest

from gateway.texts import EN, SIGNS, ZH, lines, texts_for
from ledger.records.identifiers import recognise
from ledger.records.registry import KINDS
from ledger.verify.report import State

TEMPLATES = Path("gateway/web/templates")


# What stands between words may be nothing in Chinese, and has no letters in either language.
JOINTS = {"list_joint", "sentence_joint", "alternatives", "why"}


def places(text: str) -> set[str]:
    return set(re.findall(r"\{(\w+)\}", text))


def test_both_languages_say_everything():
    zh, en = lines(ZH), lines(EN)
    for name, text in en.items():
        if name in JOINTS:
            continue
        other = zh[name]
        if isinstance(text, dict):
            assert set(text) == set(other), name
            assert all([*text.values(), *other.values()]), name
        else:
            assert text, name
            assert other, name
            assert places(text) == places(other), name


def test_chinese_lines_are_chinese():
    plain = {
        k: v for k, v in lines(ZH).items() if isinstance(v, str) and k not in JOINTS | {"lang"}
    }
    assert all(re.search(r"[\u4e00-\u9fff]", text) for text in plain.values())


def test_every_line_a_template_asks_for_exists():
    asked = {
        name
        for file in TEMPLATES.glob("*.html")
        for name in re.findall(r"\bt\.(\w+)", file.read_text(encoding="utf-8"))
    }
    assert asked
    assert asked <= set(lines(EN))


def test_every_state_has_sign_and_word():
    for state in State:
        assert SIGNS[state.value]
        assert EN.states[state.value] != ZH.states[state.value]
    assert len(set(SIGNS.values())) == len(State)


@pytest.mark.parametrize("text", ["DEMU0000016", "010120261000000001", "000-12345675", "9999993"])
def test_every_identifier_type_has_a_title(text):
    assert all(one.type in EN.identifiers for one in recognise(text))


def test_every_kind_has_both_titles():
    assert all(kind.titles["en"] and kind.titles["zh-CN"] for kind in KINDS.values())


@pytest.mark.parametrize(
    ("tag", "lang"),
    [
        ("zh", "zh-CN"),
        ("zh-Hans-CN", "zh-CN"),
        ("zh-TW", "zh-CN"),
        ("en-GB", "en"),
        ("fr", "zh-CN"),
    ],
)
def test_language_tags(tag, lang):
    assert texts_for(tag).lang == lang
