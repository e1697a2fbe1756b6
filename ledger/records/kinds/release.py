"""Release by customs, for one declaration."""

from __future__ import annotations

from typing import Annotated, Literal

from ledger.records.base import RecordFields
from ledger.records.fieldtypes import Container, Text
from ledger.records.grading import G1, G2, G3, Graded
from ledger.records.keyforms import RELEASE
from ledger.records.kind import Kind


class ReleaseFields(RecordFields):
    """Fields of a release; its declaration stands in the key. A withdrawn release is a version."""

    dcsa: Annotated[Literal["CUSR"], Graded(G1, "事件代码", "Event (DCSA code)")]
    conditional: Annotated[bool | None, Graded(G1, "附条件放行", "Conditional")] = None
    condition: Annotated[Text | None, Graded(G3, "放行条件", "Condition")] = None
    container: Annotated[Container | None, Graded(G2, "集装箱号", "Container", "container")] = None


KIND = Kind(
    name="release",
    model=ReleaseFields,
    key=RELEASE,
    zh="放行",
    en="Release",
    summary=("dcsa", "conditional"),
)
