"""An author's own records, as the regions that know its key show them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass, field
from typing import Any

from ledger.cli.access import Door
from ledger.client import NodeClient, RecordView
from ledger.errors import InputError, LedgerError
from ledger.statement.claims import Claims
from ledger.statement.sdjwt import open_slots, parse, require_all_open

_PAGE = 200


@dataclass
class Own:
    """Records by id, and why a region gave none.

    A record held by its home region and by mirrors is shown as its home does.
    """

    views: dict[str, RecordView] = field(default_factory=dict)
    silent: dict[str, LedgerError] = field(default_factory=dict)

    def add(self, view: RecordView) -> None:
        """Take a view; the home region's word on a record's status is the newer one."""
        if view.id not in self.views or not view.mirror:
            self.views[view.id] = view


@dataclass(frozen=True, slots=True)
class Opened:
    """One record of the author in full."""

    view: RecordView
    claims: Claims
    fields: dict[str, Any]


async def own_records(door: Door, regions: Iterable[str]) -> Own:
    """Every record of the author, all pages; regions that refuse or do not answer are noted."""
    own = Own()
    for region in regions:
        try:
            async with door.node(region) as node:
                async for view in _pages(node):
                    own.add(view)
        except LedgerError as error:
            own.silent[region] = error
    return own


async def _pages(node: NodeClient) -> AsyncIterator[RecordView]:
    cursor: str | None = None
    while True:
        page = await node.mine(cursor, _PAGE)
        for view in page.results:
            yield view
        cursor = page.next
        if cursor is None:
            return


def opened(view: RecordView) -> Opened:
    """The record in full; raises VerificationError(slot_closed, disclosure_unreferenced)."""
    statement = parse(view.statement)
    slots = open_slots(statement)
    require_all_open(slots)
    return Opened(view, statement.claims, slots.fields)


def newest(own: Own, named: str, kind: str | None) -> Opened:
    """The newest version of the record that an id (hex) or business key names.

    Raises:
        InputError: record_unknown; record_ambiguous, where records of several kinds or regions fit.
    """
    known = [opened(view) for view in own.views.values() if kind is None or view.kind == kind]
    meant = {_identity(one) for one in known if named in {one.view.id, one.fields["key"]}}
    if not meant:
        raise InputError("record_unknown", f"no record of yours is {named!r}")
    if len(meant) > 1:
        kinds = ", ".join(sorted(f"{region} {name}" for region, name, _ in meant))
        raise InputError("record_ambiguous", f"{named!r} may be: {kinds}; name it by its id")
    wanted = meant.pop()
    versions = [one for one in known if _identity(one) == wanted]
    return max(versions, key=lambda one: one.claims.version)


def _identity(one: Opened) -> tuple[str, str, str]:
    return one.view.region, one.claims.kind, str(one.fields["key"])
