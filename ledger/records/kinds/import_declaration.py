"""Import declaration; its summary and its complete form are versions of one record."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from ledger.records.base import RecordFields
from ledger.records.faults import Fault, FaultError
from ledger.records.fieldtypes import (
    Container,
    Country,
    Currency,
    Decimal,
    District,
    Incoterm,
    Number,
    Text,
    Uscc,
)
from ledger.records.grading import G1, G2, G3, G4, HOME, Graded
from ledger.records.keyforms import IMPORT_DECLARATION
from ledger.records.kind import Kind
from ledger.records.kinds.invoice import GoodsLine

Mode = Literal["whole", "whole, advance", "two-step", "two-step, advance"]


class ImportDeclarationFields(RecordFields):
    """Fields of an import declaration.

    The form itself (notice 2019/18 of the customs administration) has more; these are the ones that
    other records are checked against.
    """

    step: Annotated[
        Literal["summary", "complete"], Graded(G1, "申报步骤", "Step: summary or complete")
    ]
    mode: Annotated[Mode | None, Graded(G1, "申报模式", "Way of declaring")] = None
    bill: Annotated[Number, Graded(G1, "提单号", "Bill of lading", "bill")]
    invoice: Annotated[Number, Graded(G1, "发票号", "Invoice", "invoice")]
    certificate: Annotated[
        Number | None, Graded(G1, "原产地证书号", "Certificate of origin", "certificate")
    ] = None
    container: Annotated[Container, Graded(G2, "集装箱号", "Container", "container")]
    net_kg: Annotated[Decimal, Graded(G2, "净重（千克）", "Net weight (kg)")]
    gross_kg: Annotated[Decimal | None, Graded(G2, "毛重（千克）", "Gross weight (kg)")] = None
    packages: Annotated[int | None, Field(ge=1, le=10**7), Graded(G2, "件数", "Packages")] = None
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
    entry_customs: Annotated[District | None, Graded(G1, "进境关别", "Customs of entry")] = None
    trade_mode: Annotated[
        str | None, Field(pattern=r"^[0-9]{4}$"), Graded(G3, "监管方式", "Trade mode (4 digits)")
    ] = None
    consignee: Annotated[
        Uscc | None, Graded(G3, "收货人信用代码", "USCC of the consignee", "uscc", commercial=True)
    ] = None
    consignor: Annotated[Text | None, Graded(G3, "境外发货人", "Consignor", commercial=True)] = None
    trade_country: Annotated[Country | None, Graded(G3, "贸易国", "Country of trade")] = None
    lines: Annotated[
        list[GoodsLine] | None, Field(max_length=256), Graded(G3, "商品项", "Lines of goods")
    ] = None
    currency: Annotated[Currency | None, Graded(G4, "币制", "Currency", commercial=True)] = None
    total: Annotated[Decimal | None, Graded(G4, "总价", "Total", commercial=True)] = None
    incoterm: Annotated[
        Incoterm | None, Graded(G4, "成交方式", "Delivery term", commercial=True)
    ] = None
    risk_mark: Annotated[Text | None, Graded(HOME, "风险标识", "Risk mark")] = None

    @model_validator(mode="after")
    def _case_is_a_listed_one(self) -> ImportDeclarationFields:
        # An accepted declaration may be changed in the listed cases only.
        if self.case_code == "correction":
            detail = "a declaration is not changed for a mere correction"
            raise FaultError(Fault("case_not_allowed", detail), "case_code")
        return self


KIND = Kind(
    name="import_declaration",
    model=ImportDeclarationFields,
    key=IMPORT_DECLARATION,
    zh="进口报关单",
    en="Import declaration",
    summary=("step", "mode", "net_kg", "packages"),
    amenders=frozenset({"release"}),
)
