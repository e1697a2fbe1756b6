"""Bill of lading or sea waybill."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from ledger.records.base import RecordFields
from ledger.records.fieldtypes import Container, Decimal, Imo, Locode, Number, Text, Uscc
from ledger.records.grading import G1, G2, G3, Graded
from ledger.records.keyforms import BILL_OF_LADING
from ledger.records.kind import Kind


class BillOfLadingFields(RecordFields):
    """Fields of a bill of lading; ``other_*`` where it covers more than one container or invoice."""

    pol: Annotated[Locode, Graded(G1, "装货港", "Port of loading")]
    pod: Annotated[Locode, Graded(G1, "卸货港", "Port of discharge")]
    container: Annotated[Container, Graded(G2, "集装箱号", "Container", "container")]
    seal: Annotated[Number, Graded(G2, "封志号", "Seal", "seal")]
    packages: Annotated[int, Field(ge=1, le=10**7), Graded(G2, "件数", "Packages")]
    gross_kg: Annotated[Decimal, Graded(G2, "毛重（千克）", "Gross weight (kg)")]
    invoice: Annotated[Number, Graded(G1, "发票号", "Invoice", "invoice")]
    other_containers: Annotated[
        list[Container] | None,
        Field(max_length=256),
        Graded(G2, "其他集装箱", "Further containers", "container"),
    ] = None
    other_invoices: Annotated[
        list[Number] | None,
        Field(max_length=256),
        Graded(G1, "其他发票", "Further invoices", "invoice"),
    ] = None
    imo: Annotated[Imo | None, Graded(G1, "船舶 IMO 编号", "Ship (IMO number)", "imo")] = None
    voyage: Annotated[Number | None, Graded(G1, "航次", "Voyage", "voyage")] = None
    shipper: Annotated[Text | None, Graded(G3, "发货人", "Shipper", commercial=True)] = None
    consignee: Annotated[
        Uscc | None, Graded(G3, "收货人信用代码", "USCC of the consignee", "uscc", commercial=True)
    ] = None
    goods: Annotated[Text | None, Graded(G3, "货名", "Goods", commercial=True)] = None


KIND = Kind(
    name="bill_of_lading",
    model=BillOfLadingFields,
    key=BILL_OF_LADING,
    zh="提单",
    en="Bill of lading",
    summary=("pol", "pod", "container", "seal", "packages", "gross_kg"),
)
