"""Which consignment held a container at a time."""

from __future__ import annotations

from collections.abc import Iterable

from ledger.dossier.item import Item
from ledger.values import Millis

CONTAINER = "container"
CLAIMING_KINDS = frozenset({"bill_of_lading", "transit_declaration"})
"""Kinds that take a container into a consignment from their time on."""


class Claims:
    """The claims that records make on containers.

    Made of the newest version of each record with the time of its first: an amended bill names the
    container it names now, since it was issued.
    """

    def __init__(self, newest: Iterable[tuple[Item, Millis]]) -> None:
        self._claims: dict[str, list[tuple[bool, Millis, str]]] = {}
        for item, began in newest:
            if item.values("bill"):
                firm = item.kind in CLAIMING_KINDS
                for container in item.values(CONTAINER):
                    self._claims.setdefault(container, []).append((firm, began, item.id))

    def holder(self, container: str, at: Millis) -> str | None:
        """Id of the item whose claim was made last up to that time, None if there is none.

        Carriers do not all post here: where no bill or transit is known, a record that names container
        and bill together (a declaration) stands in.
        """
        before = [claim for claim in self._claims.get(container, []) if claim[1] <= at]
        return max(before)[2] if before else None
