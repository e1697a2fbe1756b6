"""Linking records into dossiers, and what to ask the nodes for next.

Numbers of bill, invoice, certificate, declaration and transit link wherever they stand. A container number
never links by itself, because boxes come again: an event or delivery belongs to the bill or transit that
names its container and was issued last before it, unless it names its bill itself.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from ledger.dossier.claims import CONTAINER, Claims
from ledger.dossier.item import Dossier, Item
from ledger.dossier.union import Groups
from ledger.records.record import Identifier
from ledger.values import Millis

MAX_NEXT = 64
"""Most identifiers that one round asks for."""
MAX_ROUNDS = 8
"""Most rounds a caller should ask; S1 needs three from any of its identifiers."""


def gather(start: Iterable[Identifier], items: Sequence[Item]) -> tuple[Dossier, ...]:
    """The dossiers that carry one of the start identifiers, by their first item's time.

    Items that came along but belong to another consignment (the same box, another bill) fall away.
    Items given twice (from a home node and a mirror) count once. The order of items does not matter.
    """
    wanted = tuple(start)
    return tuple(
        dossier
        for dossier in group(items)
        if any(dossier.carries(identifier) for identifier in wanted)
    )


def group(items: Sequence[Item]) -> tuple[Dossier, ...]:
    """All dossiers that these items make, by their first item's time, then id."""
    unique = {item.id: item for item in items}
    ordered = sorted(unique.values(), key=_place)
    versions = _join_versions(ordered)
    newest = _newest(ordered, versions)
    links = _join_records(ordered, versions)
    began: dict[object, Millis] = {}
    for item in ordered:
        began.setdefault(versions.root(item.id), item.time)
    newest_items = [item for item in ordered if item.id in newest]
    claims = Claims((item, began[versions.root(item.id)]) for item in newest_items)
    _join_claimed(ordered, claims, links)
    members: dict[object, list[Item]] = {}
    for item in ordered:
        members.setdefault(links.root(item.id), []).append(item)
    return tuple(
        Dossier(tuple(some), newest & {item.id for item in some}) for some in members.values()
    )


def next_identifiers(
    start: Iterable[Identifier],
    items: Sequence[Item],
    asked: Collection[Identifier],
    limit: int = MAX_NEXT,
) -> tuple[Identifier, ...]:
    """Identifiers still to be asked for, sorted, at most limit; () when the dossiers are whole.

    Start identifiers come first. Containers are asked for too (their events name nothing else), but
    another consignment that comes along with a box is not followed further.
    """
    begin = tuple(start)
    known = {
        identifier
        for dossier in gather(begin, items)
        for item in dossier.items
        for identifier in item.identifiers
        if identifier.follow
    }
    done = {(one.type, one.value) for one in asked}
    fresh = [*begin, *sorted(known)]
    unique = {(one.type, one.value): one for one in fresh if (one.type, one.value) not in done}
    return tuple(unique.values())[:limit]


def _place(item: Item) -> tuple[Millis, int, str]:
    return (item.time, item.version, item.id)


def _join_versions(ordered: Sequence[Item]) -> Groups:
    """Versions of one record: same kind, key and issuer, or one names the other as the one before."""
    versions = Groups()
    ids = {item.id for item in ordered}
    for item in ordered:
        nodes: list[object] = [item.id, (item.kind, item.key, item.issuer)]
        # An amendment by customs has another issuer: only prev tells whose record it changes.
        if item.prev in ids:
            nodes.append(item.prev)
        versions.join(nodes)
    return versions


def _newest(ordered: Sequence[Item], versions: Groups) -> frozenset[str]:
    """Two statements of the same version both count: which of them holds is not for us to say."""
    highest: dict[object, int] = {}
    for item in ordered:
        record = versions.root(item.id)
        highest[record] = max(item.version, highest.get(record, 0))
    return frozenset(i.id for i in ordered if i.version == highest[versions.root(i.id)])


def _join_records(ordered: Sequence[Item], versions: Groups) -> Groups:
    links = Groups()
    for item in ordered:
        nodes: list[object] = [item.id, ("record", versions.root(item.id))]
        nodes += [
            (one.type, one.value)
            for one in item.identifiers
            if one.follow and one.type != CONTAINER
        ]
        links.join(nodes)
    return links


def _join_claimed(ordered: Sequence[Item], claims: Claims, links: Groups) -> None:
    """Give each item that names nothing but its container to the consignment that held it then."""
    for item in ordered:
        strong = {one.type for one in item.identifiers if one.follow}
        if strong == {CONTAINER}:
            for container in item.values(CONTAINER):
                holder = claims.holder(container, item.time)
                if holder is not None:
                    links.join([item.id, holder])
