"""Which language an answer comes in."""

import pytest
from fastapi import Request

from gateway.language import PROGRAMS, texts_of


def asked(query="", cookie="", accept=None):
    headers = [(b"cookie", cookie.encode())] if cookie else []
    headers += [(b"accept-language", accept.encode())] if accept is not None else []
    return Request({"type": "http", "query_string": query.encode(), "headers": headers})


@pytest.mark.parametrize(
    ("header", "lang"),
    [
        ("en-GB,en;q=0.9", "en"),
        ("fr, en;q=0.2, zh;q=0.9", "zh-CN"),
        ("zh;q=0.2, en;q=0.9, fr", "en"),
        ("en, zh", "en"),
        ("zh, en", "zh-CN"),
        ("en;q=0, fr", "zh-CN"),
        ("fr-FR", "zh-CN"),
        ("en;q=high, zh;q=0.1", "zh-CN"),
        ("", "zh-CN"),
        (",;q=,", "zh-CN"),
    ],
)
def test_the_browser_says_what_its_reader_likes_best(header, lang):
    assert texts_of(asked(accept=header)).lang == lang


def test_the_address_comes_before_the_cookie_and_that_before_the_browser():
    assert texts_of(asked("lang=en", "lang=zh-CN", "zh")).lang == "en"
    assert texts_of(asked("", "lang=en", "zh")).lang == "en"


def test_who_says_nothing_gets_the_doors_own_language():
    assert texts_of(asked()).lang == "zh-CN"
    assert texts_of(asked(), PROGRAMS).lang == "en"
    assert texts_of(asked(accept="zh"), PROGRAMS).lang == "zh-CN"
