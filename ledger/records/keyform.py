"""The form of business keys, and their agreement with the fields of the same record.

A key is ``PREFIX:`` and parts between separators. A part with the name of a field must equal that
field; the part ``utc`` must be the record's time. So a key cannot name another box than its record.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date

from ledger.records.codes import table
from ledger.records.faults import Fault, form_fault
from ledger.records.moment import day_of, parse_time, utc_stamp
from ledger.records.numbers.container import container_fault
from ledger.records.numbers.declaration import IMPORT, declaration_fault, district_fault
from ledger.records.numbers.transport import imo_fault


@dataclass(frozen=True, slots=True)
class KeyPart:
    """One part of a key: its name, what is wrong with a text in it, the identifier it is (or '')."""

    name: str
    fault: Callable[[str, date | None], Fault | None]
    identifier: str = ""


@dataclass(frozen=True, slots=True)
class KeyForm:
    """The form of the keys of one kind.

    ``whole`` names the identifier type of everything behind the prefix, or ''. The last part takes the
    rest, separators included.
    """

    prefix: str
    parts: tuple[KeyPart, ...]
    separator: str = ":"
    whole: str = ""

    def __str__(self) -> str:
        """``EV:<dcsa>:<container>:<utc>``."""
        return f"{self.prefix}:" + self.separator.join(f"<{part.name}>" for part in self.parts)

    def split(self, key: str) -> dict[str, str] | None:
        """The parts by name, or None if the key has another prefix or too few parts."""
        prefix, colon, rest = key.partition(":")
        texts = rest.split(self.separator, len(self.parts) - 1)
        if prefix != self.prefix or not colon or len(texts) != len(self.parts):
            return None
        return {part.name: text for part, text in zip(self.parts, texts, strict=True)}

    def fault(self, fields: Mapping[str, object]) -> Fault | None:
        """Why the key in these validated fields is wrong or disagrees with them; None if neither."""
        key, time = str(fields["key"]), str(fields["time"])
        texts = self.split(key)
        if texts is None:
            return form_fault("a key of this kind", key, str(self))
        for part in self.parts:
            text = texts[part.name]
            wrong = part.fault(text, day_of(time))
            if wrong is not None:
                return wrong
            stated = _stated(part.name, fields, time)
            if stated is not None and stated != text:
                detail = f"{part.name} is {text} in the key but {stated} in the record"
                return Fault("key_disagrees", detail, stated)
        return None

    def identifiers(self, key: str) -> list[tuple[str, str]]:
        """(type, value) of what the key names; [] for a key of another form."""
        texts = self.split(key)
        if texts is None:
            return []
        found = [(p.identifier, texts[p.name]) for p in self.parts if p.identifier]
        return [(self.whole, key.partition(":")[2]), *found] if self.whole else found


def _stated(name: str, fields: Mapping[str, object], time: str) -> str | None:
    if name == "utc":
        return utc_stamp(parse_time(time))
    if name == "yy":
        return time[2:4]
    value = fields.get(name)
    return value if isinstance(value, str) else None


def pattern_part(name: str, pattern: str, identifier: str = "") -> KeyPart:
    """A part that only has to match a pattern."""
    compiled = re.compile(pattern)

    def fault(text: str, on: date | None) -> Fault | None:  # noqa: ARG001 - one shape for all parts
        return (
            None if compiled.fullmatch(text) else form_fault(f"the {name} of a key", text, pattern)
        )

    return KeyPart(name, fault, identifier)


def number_part(name: str, identifier: str = "") -> KeyPart:
    """A part that is a number given by a firm (bill, invoice, certificate)."""
    return pattern_part(name, r"[0-9A-Z][0-9A-Z._/-]{0,34}", identifier or name)


CONTAINER_PART = KeyPart("container", lambda text, _: container_fault(text), "container")
IMPORT_DECLARATION_PART = KeyPart(
    "declaration", lambda text, on: declaration_fault(text, on, IMPORT), "declaration"
)
IMO_PART = KeyPart("imo", lambda text, _: imo_fault(text), "imo")
EVENT_PART = KeyPart("dcsa", lambda text, on: table("dcsa_equipment_event").fault(text, on))
UTC_PART = pattern_part("utc", r"[0-9]{8}T[0-9]{6}Z")


def district_part(name: str) -> KeyPart:
    """A part that is a customs district code."""
    return KeyPart(name, district_fault)
