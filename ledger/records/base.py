"""What every record has: key and time, and, from version 2 on, what changed and why."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict

from ledger.records.fieldtypes import CaseCode, Key, Text, Time
from ledger.records.grading import G1, G2, Graded


class Part(BaseModel):
    """A part of a record: types are taken literally, unknown members are refused."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


class RecordFields(Part):
    """The fields that stand in every kind (formats.md section 1)."""

    key: Annotated[Key, Graded(G1, "业务键", "Business key")]
    time: Annotated[Time, Graded(G1, "发生时间", "Time of the fact")]
    change: Annotated[
        Literal["amended", "withdrawn"] | None, Graded(G1, "变更类型", "Kind of change")
    ] = None
    reason: Annotated[Text | None, Graded(G2, "变更理由", "Reason of the change")] = None
    case_code: Annotated[CaseCode | None, Graded(G1, "变更情形", "Case of the change")] = None
