"""The store's questions answered from tables in memory; ``view`` is a disk, or a draft over it."""

import json
from collections.abc import Iterable, Sequence

from ledger.errors import ConflictError, FatalError
from ledger.ports import Append, Found, Identifier, LeafRow, RecordKey, StatementRow
from ledger.values import Millis, Origin, StatementId

Place = tuple[Origin, int]


def size_of(view, origin: Origin) -> int:
    return view.get("size", origin, 0)


def last_received(view, origin: Origin) -> Millis:
    size = size_of(view, origin)
    return view.get(leaf_table(origin), size - 1).received if size else Millis(0)


def leaf_table(origin: Origin) -> str:
    return f"leaf {origin.region} {origin.epoch}"


def leaves(disk, origin: Origin, start: int, count: int) -> list[LeafRow]:
    held = disk.tables.get(leaf_table(origin), {})
    return [held[index] for index in range(max(start, 0), min(start + count, len(held)))]


def grew_as(disk, other, origin: Origin, start: int) -> bool:
    """Whether a disk's leaves of a log from start on are the other's in these places."""
    count = max(size_of(disk, origin) - start, 0)
    return leaves(disk, origin, start, count) == leaves(other, origin, start, count)


def found_at(view, place: Place) -> Found:
    leaf = view.get(leaf_table(place[0]), place[1])
    return Found(view.get("statement", leaf.statement), leaf)


def places(view, statement: StatementId) -> list[Place]:
    """Every place of a statement, the newest epoch first."""
    held = view.get("places", statement, ())
    return sorted(held, key=lambda place: (-place[0].epoch, str(place[0]), place[1]))


def newest_places(view, statement: StatementId) -> list[Place]:
    """One place in each region: the first in its newest epoch."""
    best: dict[str, Place] = {}
    for origin, index in view.get("places", statement, ()):
        known = best.get(origin.region)
        if known is None or (-origin.epoch, index) < (-known[0].epoch, known[1]):
            best[origin.region] = (origin, index)
    return list(best.values())


def newest_place(view, region: str, statement: StatementId) -> Place | None:
    for place in newest_places(view, statement):
        if place[0].region == region:
            return place
    return None


def find_ids(view, region: str, ids: Iterable[StatementId]) -> dict[StatementId, Found]:
    at = {one: newest_place(view, region, one) for one in ids}
    return {one: found_at(view, place) for one, place in at.items() if place is not None}


def find_jtis(
    view, region: str, jtis: Sequence[tuple[str, str]]
) -> dict[tuple[str, str], StatementId]:
    held = {(author, jti): view.get("author_jti", (region, jti, author)) for author, jti in jtis}
    return {pair: one for pair, one in held.items() if one is not None}


def find_newest(view, region: str, records: Sequence[RecordKey]) -> dict[RecordKey, Found]:
    found = {}
    for record in records:
        newest = view.get("newest", (region, record))
        if newest is None:
            continue
        place = newest_place(view, region, view.get("record_version", (region, record, newest)))
        if place is not None:
            one = found_at(view, place)
            found[one.statement.record] = one
    return found


def page(view, ids: Iterable[StatementId], after: Place | None, limit: int) -> list[Found]:
    """Statements at their newest places, ordered by (origin text, index), after a place."""
    at = {place for one in ids for place in newest_places(view, one)}
    ordered = sorted(at, key=lambda place: (str(place[0]), place[1]))
    later = [one for one in ordered if after is None or (str(one[0]), one[1]) > after]
    return [found_at(view, place) for place in later[:limit]]


def carriers(view, identifier: Identifier) -> list[StatementId]:
    held = view.get("carrier", identifier.value, ())
    return [one for one, kind in held if identifier.type in ("", kind)]


def append(draft, step: Append) -> None:
    """Write a step into an open transaction; raises FatalError(log_moved), ConflictError."""
    size = size_of(draft, step.origin)
    if size != step.start:
        raise FatalError("log_moved", f"{step.origin} holds {size} leaves, not {step.start}")
    for row in step.statements:
        _put_statement(draft, row, mirrored=step.mirrored)
    _claim(draft, step)
    for leaf in step.leaves:
        draft.put(leaf_table(leaf.origin), leaf.index, leaf)
        held = draft.get("places", leaf.statement, ())
        draft.put("places", leaf.statement, (*held, (leaf.origin, leaf.index)))
    if step.leaves:
        draft.put("size", step.origin, size + len(step.leaves))
    for tile in step.tiles:
        draft.put("tile", (tile.origin, tile.level, tile.index), tile)


def _put_statement(draft, row: StatementRow, *, mirrored: bool) -> None:
    held = draft.get("statement", row.id)
    if held is not None and mirrored:
        return
    if held is not None:
        # The region a statement is meant for has the last word on its bytes.
        for one in _distinct(held.identifiers):
            rest = [c for c in draft.get("carrier", one.value, ()) if c[0] != row.id]
            draft.put("carrier", one.value, tuple(rest))
    else:
        mine = draft.get("author", row.author, ())
        draft.put("author", row.author, (*mine, row.id))
    kept = StatementRow(
        **{name: getattr(row, name) for name in StatementRow.__slots__ if name != "identifiers"},
        identifiers=_distinct(row.identifiers),
    )
    draft.put("statement", row.id, kept)
    for one in kept.identifiers:
        rest = draft.get("carrier", one.value, ())
        draft.put("carrier", one.value, (*rest, (row.id, one.type)))


def _distinct(identifiers: Sequence[Identifier]) -> tuple[Identifier, ...]:
    """The same number named twice is kept once: as named first, where it is named last."""
    kept = {(one.type, one.value): one for one in reversed(identifiers)}
    return tuple(reversed(kept.values()))


def _claim(draft, step: Append) -> None:
    """Take each record's version and each author's jti, or say who has them."""
    region = step.origin.region
    versions = [
        ("record_version", (region, row.record, row.version), row) for row in step.statements
    ]
    jtis = [("author_jti", (region, row.jti, row.author), row) for row in step.statements]
    for table, place, row in (*versions, *jtis):
        holder = draft.get(table, place)
        if holder is None:
            draft.put(table, place, row.id)
        elif not step.mirrored:
            raise ConflictError("statement_conflict", f"the {table} {place} is taken")
        elif holder != row.id:
            _keep_clash(draft, step, table, row, holder)
    for row in step.statements:
        newest = draft.get("newest", (region, row.record), 0)
        draft.put("newest", (region, row.record), max(newest, row.version))


def _keep_clash(draft, step: Append, table: str, row: StatementRow, holder: StatementId) -> None:
    leaf = next(one for one in step.leaves if one.statement == row.id)
    body = {"held": holder.hex(), "index": leaf.index, "origin": str(leaf.origin), "same": table}
    keep_evidence(draft, "record_clash", row.id.hex(), json.dumps(body), leaf.received)


def keep_evidence(draft, kind: str, subject: str, body: str, at: Millis) -> None:
    """Once, whenever it is said."""
    if draft.get("evidence", (kind, subject, body)) is None:
        number = draft.get("count", "evidence", 0) + 1
        draft.put("count", "evidence", number)
        draft.put("evidence", (kind, subject, body), (number, at))
