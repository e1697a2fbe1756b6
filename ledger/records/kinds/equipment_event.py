"""Equipment event: something happened to a container (DCSA event domain)."""

from __future__ import annotations

from typing import Annotated, Literal

from ledger.records.base import RecordFields
from ledger.records.fieldtypes import EventCode, Gln, Locode, Number, Vehicle
from ledger.records.grading import G1, G2, Graded
from ledger.records.keyforms import EQUIPMENT_EVENT
from ledger.records.kind import Kind


class EquipmentEventFields(RecordFields):
    """Fields of an equipment event; its container stands in the key.

    ``bill`` says outright to which consignment it belongs, where the poster knows it.
    """

    dcsa: Annotated[EventCode, Graded(G1, "事件代码", "Event (DCSA code)")]
    at: Annotated[Locode | None, Graded(G1, "地点", "Place")] = None
    gln: Annotated[Gln | None, Graded(G1, "场所代码", "Site (GLN)")] = None
    mode: Annotated[
        Literal["VESSEL", "RAIL", "TRUCK", "BARGE"] | None,
        Graded(G1, "运输方式", "Mode of transport"),
    ] = None
    ship_side_pickup: Annotated[bool | None, Graded(G1, "船边直提", "Ship-side pick-up")] = None
    seal: Annotated[Number | None, Graded(G2, "封志号", "Seal", "seal")] = None
    e_lock: Annotated[Number | None, Graded(G2, "电子关锁", "E-lock", "e_lock")] = None
    e_lock_ok: Annotated[bool | None, Graded(G2, "关锁完好", "E-lock intact")] = None
    vehicle: Annotated[Vehicle | None, Graded(G2, "车牌", "Vehicle", "vehicle")] = None
    bill: Annotated[Number | None, Graded(G1, "提单号", "Bill of lading", "bill")] = None


KIND = Kind(
    name="equipment_event",
    model=EquipmentEventFields,
    key=EQUIPMENT_EVENT,
    zh="设备事件",
    en="Equipment event",
    summary=("dcsa", "at", "mode", "ship_side_pickup", "seal", "e_lock", "e_lock_ok"),
)
