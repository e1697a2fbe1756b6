"""Records as the grouping sees them, and the dossiers it makes of them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from ledger.records.record import Identifier, Record
from ledger.values import Millis


@dataclass(frozen=True, slots=True)
class Item:
    """One version of a record.

    Attributes:
        id: the statement's id (hex), or any text that is unique among the items.
        identifiers: as `ledger.records` reads them; ``follow`` says which ones link.
        issuer: ``iss`` of this statement.
        prev: id of the version before, None in version 1.
    """

    id: str
    kind: str
    key: str
    time: Millis
    identifiers: tuple[Identifier, ...]
    issuer: str = ""
    version: int = 1
    prev: str | None = None

    def values(self, type_: str) -> frozenset[str]:
        """The values of its identifiers of one type."""
        return frozenset(one.value for one in self.identifiers if one.type == type_)


def item_of(
    id_: str, record: Record, *, issuer: str = "", version: int = 1, prev: str | None = None
) -> Item:
    """The item of a record that was read."""
    return Item(
        id_, record.kind, record.key, record.time, record.identifiers, issuer, version, prev
    )


@dataclass(frozen=True)
class Dossier:
    """All records of one consignment that are at hand, ordered by time, then version, then id.

    Attributes:
        newest: ids of the items that are the newest version at hand of their record.
    """

    items: tuple[Item, ...]
    newest: frozenset[str]

    @cached_property
    def bills(self) -> tuple[str, ...]:
        """The bills it holds, sorted; () for events that no bill claims."""
        return tuple(sorted({value for item in self.items for value in item.values("bill")}))

    def carries(self, wanted: Identifier) -> bool:
        """Whether one of its items carries the identifier; the type '' matches any type."""
        return any(
            one.value == wanted.value and wanted.type in ("", one.type)
            for item in self.items
            for one in item.identifiers
        )
