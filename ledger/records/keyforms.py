"""The form of the business keys of every kind; apart from the kinds, because a search box reads them too."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from ledger.records.keyform import (
    CONTAINER_PART,
    EVENT_PART,
    IMO_PART,
    IMPORT_DECLARATION_PART,
    UTC_PART,
    KeyForm,
    district_part,
    number_part,
    pattern_part,
)

INVOICE = KeyForm("INV", (number_part("invoice"),))
PACKING_LIST = KeyForm("PL", (number_part("invoice"),))
CERTIFICATE_OF_ORIGIN = KeyForm("CO", (number_part("certificate"),))
BILL_OF_LADING = KeyForm("BL", (number_part("bill"),))
MANIFEST = KeyForm("MF", (IMO_PART, number_part("voyage"), number_part("bill")), separator="/")
IMPORT_DECLARATION = KeyForm("DEC", (IMPORT_DECLARATION_PART,))
EQUIPMENT_EVENT = KeyForm("EV", (EVENT_PART, CONTAINER_PART, UTC_PART))
TALLY_REPORT = KeyForm("TR", (number_part("bill"),))
TRANSIT_DECLARATION = KeyForm(
    "TT",
    (
        district_part("from_customs"),
        district_part("to_customs"),
        pattern_part("yy", r"[0-9]{2}"),
        pattern_part("serial", r"[0-9]{6}"),
    ),
    separator="-",
    whole="transit",
)
INSPECTION = KeyForm("INS", (IMPORT_DECLARATION_PART,))
TAX_PAYMENT = KeyForm("TAX", (IMPORT_DECLARATION_PART,))
RELEASE = KeyForm("REL", (IMPORT_DECLARATION_PART,))
DELIVERY = KeyForm("POD", (CONTAINER_PART, UTC_PART))
DESTINATION_CHECK = KeyForm("DCK", (IMPORT_DECLARATION_PART,))
DOCUMENT = KeyForm("DOC", (pattern_part("sha256", r"[0-9a-f]{64}", "document"),))
OPERATOR = KeyForm("OP", (pattern_part("kid", r"[0-9a-f]{64}", "kid"),))

KEY_FORMS: Mapping[str, KeyForm] = MappingProxyType(
    {
        form.prefix: form
        for form in (
            INVOICE,
            PACKING_LIST,
            CERTIFICATE_OF_ORIGIN,
            BILL_OF_LADING,
            MANIFEST,
            IMPORT_DECLARATION,
            EQUIPMENT_EVENT,
            TALLY_REPORT,
            TRANSIT_DECLARATION,
            INSPECTION,
            TAX_PAYMENT,
            RELEASE,
            DELIVERY,
            DESTINATION_CHECK,
            DOCUMENT,
            OPERATOR,
        )
    }
)
"""By prefix; each kind has a prefix of its own."""
