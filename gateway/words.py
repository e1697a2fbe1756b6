"""Values and fields as a person says them: units, coded values, places; the code where no word is known."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from gateway.names import field_title, value_text
from gateway.places import office_title, place_title
from gateway.texts import Texts
from ledger.records.codes import table
from ledger.records.summary import summary

# Field and value, as written by the poster: zh-CN, en.
_VALUES: dict[tuple[str, str], tuple[str, str]] = {
    ("step", "summary"): ("概要申报", "summary"),
    ("step", "complete"): ("完整申报", "complete"),
    ("mode", "whole"): ("一次申报", "whole"),
    ("mode", "whole, advance"): ("一次申报、提前", "whole, in advance"),
    ("mode", "two-step"): ("两步申报", "two-step"),
    ("mode", "two-step, advance"): ("两步申报、提前", "two-step, in advance"),
    ("mode", "VESSEL"): ("海运", "by sea"),
    ("mode", "RAIL"): ("铁路", "by rail"),
    ("mode", "TRUCK"): ("公路", "by road"),
    ("mode", "BARGE"): ("驳船", "by barge"),
    ("result", "conform"): ("相符", "conforms"),
    ("result", "not_conform"): ("不符", "does not conform"),
    ("result", "held"): ("扣留", "held"),
    ("result", "consistent"): ("数量相符", "count agrees"),
    ("result", "over"): ("溢卸", "more than listed"),
    ("result", "short"): ("短卸", "less than listed"),
    ("result", "damaged"): ("残损", "damaged"),
    ("status", "due"): ("应缴", "due"),
    ("status", "guaranteed"): ("已担保", "guaranteed"),
    ("status", "paid"): ("已缴", "paid"),
    ("status", "refunded"): ("已退", "refunded"),
    ("change", "amended"): ("修改", "amended"),
    ("change", "withdrawn"): ("撤销", "withdrawn"),
    ("document_type", "document"): ("文件", "document"),
    ("document_type", "bill_of_lading"): ("提单", "bill of lading"),
    ("document_type", "house_bill_of_lading"): ("分提单", "house bill of lading"),
    ("document_type", "master_bill_of_lading"): ("主提单", "master bill of lading"),
    ("document_type", "commercial_invoice"): ("商业发票", "commercial invoice"),
    ("document_type", "packing_list"): ("装箱单", "packing list"),
    ("document_type", "certification_of_origin"): ("原产地证明", "certification of origin"),
    ("document_type", "freight_manifest"): ("货运舱单", "freight manifest"),
    ("document_type", "food_grade_inspection"): ("食品级检验", "food grade inspection"),
    ("document_type", "event"): ("事件", "event"),
    ("document_type", "entry_number"): ("美国海关入境编号", "US entry number"),
    ("document_type", "cbp3461_entry"): ("美国海关 3461 入境单", "US customs form 3461"),
    ("document_type", "cbp_entry_type86"): ("美国海关 86 类申报", "US customs entry type 86"),
    ("document_type", "pga_shipment_status"): ("美国主管机构放行状态", "US agency shipment status"),
}
_FLAGS: dict[tuple[str, bool], tuple[str, str]] = {
    ("ship_side_pickup", True): ("船边直提", "picked up at the ship's side"),
    ("e_lock_ok", True): ("关锁完好", "e-lock intact"),
    ("e_lock_ok", False): ("关锁异常", "e-lock not intact"),
    ("conditional", True): ("附条件", "on a condition"),
}
_TABLES = {"dcsa": "dcsa_equipment_event", "case_code": "case_code"}
_BARE = frozenset(
    {"dcsa", "step", "mode", "result", "status", "agreement", "document_type", "media_type"}
)
_UNIT = re.compile(r"\s*[（(](千克|kg|字节|bytes|6 位|4 digits)[)）]$")
_KILOGRAM = frozenset({"千克", "kg"})
_BYTES = frozenset({"字节", "bytes"})


def plain_title(kind: str, name: str, texts: Texts) -> str:
    """Title of a field without the unit in brackets."""
    return _UNIT.sub("", field_title(kind, name, texts))


def value_words(kind: str, name: str, value: object, texts: Texts) -> str:
    """A value with its unit, coded values in words; the value itself where no word is known."""
    which = texts.lang == "en"
    if isinstance(value, bool):
        flag = _FLAGS.get((name, value))
        return flag[which] if flag else value_text(value, texts)
    if not isinstance(value, str | int):
        return value_text(value, texts)
    if isinstance(value, str) and (word := _word(name, value, texts)):
        return word
    return f"{value}{_unit(kind, name, texts)}"


def says_itself(name: str) -> bool:
    """Whether a field's values say what they are, so that a title before them is noise."""
    return name in _BARE


def phrase(kind: str, name: str, value: object, texts: Texts) -> str:
    """Field and value in one phrase: ``gross weight 2104.0 kg``."""
    words = value_words(kind, name, value, texts)
    if says_itself(name) or (isinstance(value, bool) and (name, value) in _FLAGS):
        return words
    return f"{plain_title(kind, name, texts)} {words}"


def summary_words(kind: str, fields: Mapping[str, Any], texts: Texts) -> str:
    """What a timeline says of a record: its leading public fields, in order."""
    # An event's name and a document's type already stand as the record's title.
    return " · ".join(
        phrase(kind, name, value, texts)
        for name, value in summary(kind, fields)
        if name not in {"dcsa", "document_type"}
    )


def event_title(code: object, texts: Texts) -> str | None:
    """Name of a DCSA event; None for a code the list does not have."""
    row = table("dcsa_equipment_event").rows.get(code) if isinstance(code, str) else None
    return row.more["name_en" if texts.lang == "en" else "name_zh"] if row else None


def _word(name: str, value: str, texts: Texts) -> str | None:
    if (name, value) in _VALUES:
        return _VALUES[name, value][texts.lang == "en"]
    if name in {"pol", "pod", "at", "to"}:
        return place_title(value, texts)
    if name in {"from_customs", "to_customs", "entry_customs"}:
        return office_title(value, texts)
    if name in _TABLES and (row := table(_TABLES[name]).rows.get(value)):
        return row.more["name_en" if texts.lang == "en" else "name_zh"]
    if name == "document_type":
        return value.replace("_", " ")
    return None


def _unit(kind: str, name: str, texts: Texts) -> str:
    found = _UNIT.search(field_title(kind, name, texts))
    if found is None:
        return ""
    if found[1] in _KILOGRAM:
        return " kg"
    return (" 字节", " bytes")[texts.lang == "en"] if found[1] in _BYTES else ""
