"""A record as read: what the services need to know of it without knowing its kind."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from ledger.values import Millis

STRONG = frozenset({"container", "bill", "invoice", "certificate", "declaration", "transit"})
"""Types of identifier that a dossier goes on from; the others only find a record."""


@dataclass(frozen=True, slots=True, order=True)
class Identifier:
    """A number a record may be found by: its type, its text, and whether a dossier goes on from it."""

    type: str
    value: str
    follow: bool


def identifier(type_: str, value: str) -> Identifier:
    """An identifier that is followed if its type is a strong one."""
    return Identifier(type_, value, type_ in STRONG)


@dataclass(frozen=True, slots=True)
class Record:
    """What a statement says, read.

    ``identifiers`` are sorted and unique; ``change`` is None in version 1.
    """

    kind: str
    key: str
    time: Millis
    identifiers: tuple[Identifier, ...]
    change: str | None


class ClaimsRead(Protocol):
    """The claims of a statement that reading needs (``ledger.statement`` has the whole of them)."""

    @property
    def kind(self) -> str:
        """Name of the kind."""

    @property
    def schema(self) -> str:
        """``<kind>/<number>``."""

    @property
    def version(self) -> int:
        """Counted from 1."""
