"""Payment of duty and tax, for one declaration."""

from __future__ import annotations

from typing import Annotated, Literal

from ledger.records.base import RecordFields
from ledger.records.fieldtypes import Currency, Decimal
from ledger.records.grading import G1, G4, Graded
from ledger.records.keyforms import TAX_PAYMENT
from ledger.records.kind import Kind


class TaxPaymentFields(RecordFields):
    """Fields of a tax payment; its declaration stands in the key."""

    status: Annotated[
        Literal["due", "guaranteed", "paid", "refunded"], Graded(G1, "缴税状态", "Status")
    ]
    amount: Annotated[Decimal | None, Graded(G4, "税款金额", "Amount", commercial=True)] = None
    currency: Annotated[Currency | None, Graded(G4, "币制", "Currency", commercial=True)] = None


KIND = Kind(
    name="tax_payment",
    model=TaxPaymentFields,
    key=TAX_PAYMENT,
    zh="税款缴纳",
    en="Tax payment",
    summary=("status",),
)
