"""Packing list; it bears the number of its invoice."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from ledger.records.base import RecordFields
from ledger.records.fieldtypes import Container, Decimal, Sscc
from ledger.records.grading import G2, Graded
from ledger.records.keyforms import PACKING_LIST
from ledger.records.kind import Kind


class PackingListFields(RecordFields):
    """Fields of a packing list."""

    packages: Annotated[int, Field(ge=1, le=10**7), Graded(G2, "件数", "Packages")]
    gross_kg: Annotated[Decimal, Graded(G2, "毛重（千克）", "Gross weight (kg)")]
    net_kg: Annotated[Decimal, Graded(G2, "净重（千克）", "Net weight (kg)")]
    container: Annotated[Container | None, Graded(G2, "集装箱号", "Container", "container")] = None
    sscc: Annotated[
        list[Sscc] | None,
        Field(max_length=256),
        Graded(G2, "物流单元代码", "SSCC of each unit", "sscc"),
    ] = None


KIND = Kind(
    name="packing_list",
    model=PackingListFields,
    key=PACKING_LIST,
    zh="装箱单",
    en="Packing list",
    summary=("packages", "gross_kg", "net_kg"),
)
