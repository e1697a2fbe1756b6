"""Transit declaration (转关): goods under customs control from one customs office to another."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from ledger.records.base import RecordFields
from ledger.records.fieldtypes import Container, District, Number, Text, Time, Vehicle
from ledger.records.grading import G1, G2, HOME, Graded, Personal
from ledger.records.keyforms import TRANSIT_DECLARATION
from ledger.records.kind import Kind


class TransitDeclarationFields(RecordFields):
    """Fields of a transit declaration."""

    from_customs: Annotated[District, Graded(G1, "启运地海关", "From customs office")]
    to_customs: Annotated[District, Graded(G1, "指运地海关", "To customs office")]
    vehicle: Annotated[Vehicle, Graded(G2, "车牌", "Vehicle", "vehicle")]
    e_lock: Annotated[Number, Graded(G2, "电子关锁", "E-lock", "e_lock")]
    bill: Annotated[Number, Graded(G1, "提单号", "Bill of lading", "bill")]
    container: Annotated[Container, Graded(G2, "集装箱号", "Container", "container")]
    seal: Annotated[Number | None, Graded(G2, "封志号", "Seal", "seal")] = None
    route: Annotated[Text | None, Graded(G1, "路线", "Route")] = None
    deadline: Annotated[Time | None, Graded(G1, "运抵期限", "Deadline")] = None
    driver: Annotated[Text | None, Graded(HOME, "驾驶员", "Driver", personal=Personal.YES)] = None
    other_containers: Annotated[
        list[Container] | None,
        Field(max_length=256),
        Graded(G2, "其他集装箱", "Further containers", "container"),
    ] = None


KIND = Kind(
    name="transit_declaration",
    model=TransitDeclarationFields,
    key=TRANSIT_DECLARATION,
    zh="转关申报单",
    en="Transit declaration",
    summary=("from_customs", "to_customs", "vehicle", "e_lock", "deadline"),
    amenders=frozenset({"release"}),
)
