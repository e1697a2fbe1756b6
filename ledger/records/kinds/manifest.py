"""Original manifest (import): one bill on one voyage."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from ledger.records.base import RecordFields
from ledger.records.fieldtypes import Container, Decimal, Imo, Locode, Number
from ledger.records.grading import G1, G2, Graded
from ledger.records.keyforms import MANIFEST
from ledger.records.kind import Kind


class ManifestFields(RecordFields):
    """Fields of an original manifest; its bill stands in the key."""

    imo: Annotated[Imo, Graded(G1, "船舶 IMO 编号", "Ship (IMO number)", "imo")]
    voyage: Annotated[Number, Graded(G1, "航次", "Voyage", "voyage")]
    pol: Annotated[Locode | None, Graded(G1, "装货港", "Port of loading")] = None
    pod: Annotated[Locode | None, Graded(G1, "卸货港", "Port of discharge")] = None
    container: Annotated[Container | None, Graded(G2, "集装箱号", "Container", "container")] = None
    seal: Annotated[Number | None, Graded(G2, "封志号", "Seal", "seal")] = None
    packages: Annotated[int | None, Field(ge=1, le=10**7), Graded(G2, "件数", "Packages")] = None
    gross_kg: Annotated[Decimal | None, Graded(G2, "毛重（千克）", "Gross weight (kg)")] = None


KIND = Kind(
    name="manifest",
    model=ManifestFields,
    key=MANIFEST,
    zh="原始舱单",
    en="Original manifest",
    summary=("imo", "voyage", "pol", "pod", "packages"),
)
