"""Certificate of origin."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from ledger.records.base import RecordFields
from ledger.records.fieldtypes import Country, Hs6, Number, Text, Time
from ledger.records.grading import G1, G3, Graded
from ledger.records.keyforms import CERTIFICATE_OF_ORIGIN
from ledger.records.kind import Kind


class CertificateOfOriginFields(RecordFields):
    """Fields of a certificate of origin."""

    agreement: Annotated[Text, Graded(G3, "优惠贸易协定", "Trade agreement")]
    origin: Annotated[Country, Graded(G3, "原产国", "Country of origin")]
    invoice: Annotated[Number, Graded(G1, "发票号", "Invoice", "invoice")]
    criterion: Annotated[Text | None, Graded(G3, "原产地标准", "Origin criterion")] = None
    hs6: Annotated[
        list[Hs6] | None, Field(max_length=256), Graded(G3, "品目（6 位）", "HS subheadings")
    ] = None
    issuer: Annotated[Text | None, Graded(G3, "签证机构", "Issuing body")] = None
    valid_to: Annotated[Time | None, Graded(G1, "有效期至", "Valid until")] = None


KIND = Kind(
    name="certificate_of_origin",
    model=CertificateOfOriginFields,
    key=CERTIFICATE_OF_ORIGIN,
    zh="原产地证书",
    en="Certificate of origin",
    summary=("invoice", "valid_to"),
)
