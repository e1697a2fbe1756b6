"""How far a field may travel, written beside the field itself.

GB/T 43697-2024 knows core, important and general data; G1 to G4 divide the general ones by the groups
that decide who may read them. Person data and risk marks are ``HOME``: they never leave the region.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, IntEnum


class Grade(IntEnum):
    """Grades in order; an object is graded as its highest member.

    G1 keys, status, times, places, digests; G2 container, seal, packages, weight; G3 goods, HS code,
    origin, parties; G4 price, value, tax; HOME person data and risk marks; IMPORTANT named as
    important data by an authority; CORE does not belong on this platform and is refused.
    """

    G1 = 1
    G2 = 2
    G3 = 3
    G4 = 4
    HOME = 5
    IMPORTANT = 6
    CORE = 7


class Personal(Enum):
    """Whether a field is about a natural person (PIPL)."""

    NO = "no"
    YES = "yes"
    SENSITIVE = "sensitive"


@dataclass(frozen=True, slots=True)
class Graded:
    """Stands in a field's Annotated: its grade, its titles, and what identifier it holds.

    Attributes:
        zh: title in Chinese.
        en: title in English.
        identifier: type of identifier (``container``, ``bill`` …) that the value is, or ''.
        personal: whether it is about a natural person.
        commercial: whether it is a business secret of a firm.
    """

    grade: Grade
    zh: str
    en: str
    identifier: str = ""
    personal: Personal = Personal.NO
    commercial: bool = False


G1, G2, G3, G4 = Grade.G1, Grade.G2, Grade.G3, Grade.G4
HOME, IMPORTANT, CORE = Grade.HOME, Grade.IMPORTANT, Grade.CORE
