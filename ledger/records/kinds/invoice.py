"""Commercial invoice."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, model_validator

from ledger.records.base import Part, RecordFields
from ledger.records.faults import Fault, FaultError
from ledger.records.fieldtypes import (
    Country,
    Currency,
    Decimal,
    Hs10,
    Incoterm,
    Number,
    Text,
    Unit,
    Uscc,
)
from ledger.records.grading import G3, G4, Graded
from ledger.records.keyforms import INVOICE
from ledger.records.kind import Kind


class GoodsLine(Part):
    """One line of goods, without its price, so that goods and price can be shown apart."""

    hs10: Annotated[Hs10, Graded(G3, "商品编号", "Commodity code (10 digits)")]
    desc: Annotated[Text, Graded(G3, "品名规格", "Name and specification")]
    qty: Annotated[Decimal, Graded(G3, "数量", "Quantity", commercial=True)]
    unit: Annotated[Unit, Graded(G3, "计量单位", "Unit (UN/ECE Rec. 20)")]
    origin: Annotated[Country, Graded(G3, "原产国", "Country of origin")]


class InvoiceFields(RecordFields):
    """Fields of a commercial invoice."""

    currency: Annotated[Currency, Graded(G4, "币制", "Currency", commercial=True)]
    total: Annotated[Decimal, Graded(G4, "总价", "Total", commercial=True)]
    incoterm: Annotated[Incoterm, Graded(G4, "成交方式", "Delivery term", commercial=True)]
    lines: Annotated[
        list[GoodsLine], Field(min_length=1, max_length=256), Graded(G3, "商品项", "Lines of goods")
    ]
    amounts: Annotated[
        list[Decimal] | None, Graded(G4, "各项金额", "Amount of each line", commercial=True)
    ] = None
    seller: Annotated[Text | None, Graded(G3, "卖方", "Seller", commercial=True)] = None
    buyer: Annotated[
        Uscc | None, Graded(G3, "买方信用代码", "USCC of the buyer", "uscc", commercial=True)
    ] = None
    contract: Annotated[Number | None, Graded(G4, "合同号", "Contract", commercial=True)] = None

    @model_validator(mode="after")
    def _one_amount_per_line(self) -> InvoiceFields:
        if self.amounts is not None and len(self.amounts) != len(self.lines):
            detail = f"{len(self.amounts)} amounts for {len(self.lines)} lines"
            raise FaultError(Fault("list_length", detail), "amounts")
        return self


KIND = Kind(
    name="invoice",
    model=InvoiceFields,
    key=INVOICE,
    zh="商业发票",
    en="Commercial invoice",
)
