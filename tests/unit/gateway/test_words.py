"""Values, times and versions as people say them."""

import pytest

from gateway.cards import short_key
from gateway.clock import between, moment_of
from gateway.texts import EN, ZH
from gateway.versions import Shown, notes
from gateway.words import phrase, summary_words


@pytest.mark.parametrize(
    ("kind", "name", "value", "en", "zh"),
    [
        ("packing_list", "gross_kg", "2104.0", "Gross weight 2104.0 kg", "毛重 2104.0 kg"),
        ("delivery", "to", "CNBDZ", "Place of delivery Baoding", "交付地 保定"),
        ("delivery", "to", "XXABC", "Place of delivery XXABC", "交付地 XXABC"),
        ("equipment_event", "e_lock_ok", True, "e-lock intact", "关锁完好"),
        ("import_declaration", "step", "summary", "summary", "概要申报"),
        (
            "transit_declaration",
            "to_customs",
            "0101",
            "To customs office 0101",
            "指运地海关 机场货管 0101",
        ),
    ],
)
def test_phrases(kind, name, value, en, zh):
    assert phrase(kind, name, value, EN) == en
    assert phrase(kind, name, value, ZH) == zh


def test_a_summary_leaves_out_what_is_not_public():
    fields = {"packages": 24, "gross_kg": "2104.0", "consignor": "SECRET"}
    assert summary_words("packing_list", fields, EN) == "Packages 24 · Gross weight 2104.0 kg"


def test_utc_names_its_day_only_where_it_is_another():
    assert moment_of("2026-03-03T07:00:00+08:00").zulu == "03-02 23:00Z"
    assert moment_of("2026-03-03T09:00:00+08:00").zulu == "01:00Z"
    assert moment_of("2026-03-03T09:00:00Z").offset == "+00:00"
    assert moment_of(None).local == ""


@pytest.mark.parametrize(
    ("end", "said"),
    [
        ("2026-03-01T00:45:00Z", "45 min"),
        ("2026-03-01T04:00:00Z", "4 h"),
        ("2026-03-04T01:00:00Z", "3 d"),
    ],
)
def test_spans(end, said):
    assert between("2026-03-01T00:00:00Z", end, EN) == said


def test_versions_tell_what_changed_and_what_it_replaces():
    first = Shown("a", "import_declaration", "DEC:1", 1, {"step": "summary", "net_kg": "1930.0"})
    second = Shown(
        "b",
        "import_declaration",
        "DEC:1",
        2,
        {"step": "complete", "net_kg": "1924.0", "reason": "weighed"},
    )
    other = Shown("c", "release", "REL:1", 1, {})
    assert notes([second, first, other], EN) == {
        "a": "version 1, replaced by version 2",
        "b": "version 2: Net weight 1930.0 → 1924.0 kg, summary → complete; reason: weighed",
    }
    gone = Shown("b", "release", "REL:1", 2, {"change": "withdrawn", "reason": "by mistake"})
    assert notes([other, gone], EN)["b"] == "withdrawn; reason: by mistake"


@pytest.mark.parametrize(
    ("key", "short"),
    [
        ("EV:DISC:DEMU0000016:20260306T000000Z", "DEMU0000016"),
        ("POD:DEMU0000016:20260306T230000Z", "DEMU0000016"),
        ("MF:9999993/042W/DEMOB26000001", "9999993/042W/DEMOB26000001"),
        ("DOC:" + "ab" * 32, "abababababab…"),
    ],
)
def test_keys_as_people_know_them(key, short):
    assert short_key(key) == short
