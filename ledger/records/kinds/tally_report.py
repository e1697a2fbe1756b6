"""Tally report: what was counted at discharge, for one bill."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from ledger.records.base import RecordFields
from ledger.records.fieldtypes import Container, Decimal
from ledger.records.grading import G1, G2, Graded
from ledger.records.keyforms import TALLY_REPORT
from ledger.records.kind import Kind


class TallyReportFields(RecordFields):
    """Fields of a tally report; its bill stands in the key."""

    packages: Annotated[int, Field(ge=0, le=10**7), Graded(G2, "件数", "Packages")]
    result: Annotated[
        Literal["consistent", "over", "short", "damaged"], Graded(G1, "理货结果", "Result")
    ]
    gross_kg: Annotated[Decimal | None, Graded(G2, "毛重（千克）", "Gross weight (kg)")] = None
    container: Annotated[Container | None, Graded(G2, "集装箱号", "Container", "container")] = None


KIND = Kind(
    name="tally_report",
    model=TallyReportFields,
    key=TALLY_REPORT,
    zh="理货报告",
    en="Tally report",
    summary=("result", "packages"),
)
