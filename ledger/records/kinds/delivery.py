"""Delivery of a container to the consignee."""

from __future__ import annotations

from typing import Annotated

from ledger.records.base import RecordFields
from ledger.records.fieldtypes import Gln, Locode, Number, Text, Uscc, Vehicle
from ledger.records.grading import G1, G2, G3, HOME, Graded, Personal
from ledger.records.keyforms import DELIVERY
from ledger.records.kind import Kind


class DeliveryFields(RecordFields):
    """Fields of a delivery; its container stands in the key, ``bill`` as in an equipment event."""

    to: Annotated[Locode, Graded(G1, "交付地", "Place of delivery")]
    consignee: Annotated[
        Uscc, Graded(G3, "收货人信用代码", "USCC of the consignee", "uscc", commercial=True)
    ]
    gln: Annotated[Gln | None, Graded(G1, "场所代码", "Site (GLN)")] = None
    vehicle: Annotated[Vehicle | None, Graded(G2, "车牌", "Vehicle", "vehicle")] = None
    seal: Annotated[Number | None, Graded(G2, "封志号", "Seal", "seal")] = None
    bill: Annotated[Number | None, Graded(G1, "提单号", "Bill of lading", "bill")] = None
    received_by: Annotated[
        Text | None, Graded(HOME, "签收人", "Signed for by", personal=Personal.YES)
    ] = None


KIND = Kind(
    name="delivery",
    model=DeliveryFields,
    key=DELIVERY,
    zh="交付",
    en="Delivery",
    summary=("to", "vehicle", "seal"),
)
