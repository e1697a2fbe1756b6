"""Every kind of record the platform takes."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from ledger.errors import InputError
from ledger.records.kind import Kind
from ledger.records.kinds import (
    bill_of_lading,
    certificate_of_origin,
    delivery,
    destination_check,
    document,
    equipment_event,
    import_declaration,
    inspection,
    invoice,
    manifest,
    operator,
    packing_list,
    release,
    tally_report,
    tax_payment,
    transit_declaration,
)

_ALL = (
    invoice.KIND,
    packing_list.KIND,
    certificate_of_origin.KIND,
    bill_of_lading.KIND,
    manifest.KIND,
    import_declaration.KIND,
    equipment_event.KIND,
    tally_report.KIND,
    transit_declaration.KIND,
    inspection.KIND,
    tax_payment.KIND,
    release.KIND,
    delivery.KIND,
    destination_check.KIND,
    document.KIND,
    operator.KIND,
)

KINDS: Mapping[str, Kind] = MappingProxyType({kind.name: kind for kind in _ALL})
"""By name, in the order of a consignment's journey."""


def kind_of(name: str) -> Kind:
    """The kind of that name; raises InputError(kind_unknown, /kind)."""
    kind = KINDS.get(name)
    if kind is None:
        raise InputError("kind_unknown", f"there is no kind {name[:64]!r}", "/kind")
    return kind
