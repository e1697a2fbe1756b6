"""Check by customs at the destination, for one declaration."""

from __future__ import annotations

from typing import Annotated, Literal

from ledger.records.base import RecordFields
from ledger.records.fieldtypes import Container, Locode, Text
from ledger.records.grading import G1, G2, G3, Graded
from ledger.records.keyforms import DESTINATION_CHECK
from ledger.records.kind import Kind


class DestinationCheckFields(RecordFields):
    """Fields of a destination check; its declaration stands in the key."""

    result: Annotated[Literal["conform", "not_conform", "held"], Graded(G1, "核查结果", "Result")]
    at: Annotated[Locode | None, Graded(G1, "地点", "Place")] = None
    container: Annotated[Container | None, Graded(G2, "集装箱号", "Container", "container")] = None
    remarks: Annotated[Text | None, Graded(G3, "核查记录", "Remarks")] = None


KIND = Kind(
    name="destination_check",
    model=DestinationCheckFields,
    key=DESTINATION_CHECK,
    zh="目的地核查",
    en="Destination check",
    summary=("result", "at"),
)
