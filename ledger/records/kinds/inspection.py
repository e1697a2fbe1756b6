"""Inspection by customs, for one declaration."""

from __future__ import annotations

from typing import Annotated, Literal

from ledger.records.base import RecordFields
from ledger.records.fieldtypes import Container, Decimal, Locode, Text
from ledger.records.grading import G1, G2, G3, HOME, Graded
from ledger.records.keyforms import INSPECTION
from ledger.records.kind import Kind


class InspectionFields(RecordFields):
    """Fields of an inspection; its declaration stands in the key.

    Why a consignment was selected (``selection_rule``) never leaves the region.
    """

    dcsa: Annotated[Literal["CUSI", "CUSS", "INSP"], Graded(G1, "事件代码", "Event (DCSA code)")]
    result: Annotated[Literal["conform", "not_conform", "held"], Graded(G1, "查验结果", "Result")]
    weighed_net_kg: Annotated[
        Decimal | None, Graded(G2, "复称净重（千克）", "Net weight as weighed (kg)")
    ] = None
    weighed_gross_kg: Annotated[
        Decimal | None, Graded(G2, "复称毛重（千克）", "Gross weight as weighed (kg)")
    ] = None
    container: Annotated[Container | None, Graded(G2, "集装箱号", "Container", "container")] = None
    at: Annotated[Locode | None, Graded(G1, "地点", "Place")] = None
    remarks: Annotated[Text | None, Graded(G3, "查验记录", "Remarks")] = None
    selection_rule: Annotated[Text | None, Graded(HOME, "布控规则", "Rule of selection")] = None


KIND = Kind(
    name="inspection",
    model=InspectionFields,
    key=INSPECTION,
    zh="查验",
    en="Inspection",
    summary=("result", "weighed_net_kg", "weighed_gross_kg", "at"),
)
