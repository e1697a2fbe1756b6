"""One log, leaf by leaf: its tree is computed anew, and each record held against its own bytes."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection

from ledger.audit.records import Fault, leaf_faults, statement_faults, take_apart
from ledger.errors import InputError, UnavailableError, VerificationError
from ledger.merkle.frontier import CompletedTile, Frontier
from ledger.mirroring.registrations import Registrations
from ledger.mirroring.rules import RecordRules, newest_before
from ledger.ports import Found
from ledger.sharing import Holdings
from ledger.values import Millis, Origin, TreeHead
from ledger.verify.logpolicy import LogPolicy

_PAGE = 256
_NO_HASH = bytes(32)
_ALTERED = (TypeError, ValueError, AttributeError, InputError, UnavailableError)
"""What reading columns of a wrong type ends in."""

Tell = Callable[[int | None, str, str, str], None]
"""Takes what differs: leaf index, record (hex id), field, detail."""


class LogAudit:
    """Walks one log once.

    Args:
        own: whether this region's own node sealed it, so that it holds every field.
        sizes: sizes at which the root is wanted.
    """

    def __init__(
        self,
        holdings: Holdings,
        policy: LogPolicy,
        rules: RecordRules,
        registrations: Registrations,
        *,
        own: bool,
        sizes: Collection[int],
        tell: Tell,
    ) -> None:
        self._holdings = holdings
        self._policy = policy
        self._origin: Origin = policy.origin
        self._rules = rules
        self._registrations = registrations
        self._own = own
        self._sizes = frozenset(sizes)
        self._tell = tell
        self._last = Millis(0)
        self._known: frozenset[tuple[str, str]] = frozenset()
        self.roots: dict[int, bytes] = {}

    async def walk(self) -> TreeHead:
        """Look at every leaf; the head that the leaves' own bytes make."""
        frontier = Frontier()
        size = await self._holdings.store.size(self._origin)
        # After the size: a breach is kept before its leaf is, so those of all these leaves are there.
        self._known = await self._known_breaches()
        self._note(frontier)
        for start in range(0, size, _PAGE):
            page = await self._page(start, min(_PAGE, size - start))
            for index in range(start, min(start + _PAGE, size)):
                await self._leaf(index, page.get(index), frontier)
        self.roots[frontier.size] = frontier.root()
        return TreeHead(frontier.size, frontier.root())

    def _note(self, frontier: Frontier) -> None:
        if frontier.size in self._sizes:
            self.roots[frontier.size] = frontier.root()

    async def _page(self, start: int, count: int) -> dict[int, Found]:
        try:
            found = await self._holdings.feed(self._origin, start, count)
        except UnavailableError as error:
            if error.code != "row_unreadable":
                raise
            # One row that cannot be read at all must not hide its neighbours.
            found = []
            for index in range(start, start + count):
                found += await self._one(index)
        return {one.leaf.index: one for one in found}

    async def _one(self, index: int) -> list[Found]:
        try:
            return await self._holdings.feed(self._origin, index, 1)
        except UnavailableError as error:
            self._tell(index, "", "row", error.detail)
            return []

    async def _leaf(self, index: int, found: Found | None, frontier: Frontier) -> None:
        if found is None:
            self._tell(index, "", "leaf", "the leaf or its statement is gone")
            leaf = await self._holdings.store.leaf(self._origin, index)
            digest = leaf.hash if leaf is not None else _NO_HASH
        else:
            digest = found.leaf.hash
            try:
                await self._record(found)
            except _ALTERED as error:
                if isinstance(error, UnavailableError) and error.code != "row_unreadable":
                    raise
                self._tell(index, found.statement.id.hex(), "row", f"cannot be read: {error}")
        for tile in frontier.append(_as_hash(digest)):
            await self._tile(tile)
        self._note(frontier)

    async def _record(self, found: Found) -> None:
        leaf, name = found.leaf, found.statement.id.hex()
        faults: list[Fault] = list(leaf_faults(found))
        if not faults and leaf.received < self._last:
            faults.append(("received", f"the leaf before says {self._last}"))
        self._last = max(self._last, leaf.received)
        try:
            fed = take_apart(found)
        except (VerificationError, ValueError) as error:
            faults.append(("leaf", f"its columns make no leaf: {error}"))
        else:
            before = await self._before(found)
            whole = self._own and not await self._sealed(found)
            mine = statement_faults(found, fed, before, whole=whole)
            if not mine:
                mine = [
                    (_field_of(one.code), f"{one.code}: {one.detail}")
                    for one in await self._rules.check(self._policy, fed, before)
                    if (name, one.code) not in self._known
                ]
            # Only then: the rules ask what was registered before this record.
            self._registrations.add(self._policy, fed)
            if self._own and not mine:
                mine = await self._index_faults(found)
            faults += mine
        for field, detail in faults:
            self._tell(leaf.index, name, field, detail)

    async def _index_faults(self, found: Found) -> list[Fault]:
        row = found.statement
        held = await self._holdings.store.versions(row.region, row.record)
        if all(one.statement.id != row.id for one in held):
            return [("record_version", "it is not listed among the versions of its record")]
        return []

    async def _before(self, found: Found) -> Found | None:
        prev = found.statement.prev
        if prev is None:
            return None
        return newest_before(await self._holdings.store.statement(prev), found.leaf)

    async def _sealed(self, found: Found) -> bool:
        name = found.statement.id
        return name in await self._holdings.store.sealed(self._origin, [name])

    async def _tile(self, tile: CompletedTile) -> None:
        held = await self._holdings.store.tile(self._origin, tile.level, tile.index)
        roots = await self._holdings.store.tile_roots(self._origin, tile.level, tile.index, 1)
        if held != tile.data or roots != [tile.root]:
            self._tell(
                tile.index * 256 ** (tile.level + 1),
                "",
                f"tile {tile.level}/{tile.index}",
                "it is not what its leaves make",
            )

    async def _known_breaches(self) -> frozenset[tuple[str, str]]:
        """What a mirror found wrong when the record came is evidence already, and no change since."""
        kept = await self._holdings.store.evidence("record_rule")
        return frozenset(
            (subject, str(json.loads(body).get("code"))) for _, subject, body, _ in kept
        )


def _as_hash(value: object) -> bytes:
    """A column altered into what is no hash makes a tree that nobody signed, and is named besides."""
    return value if isinstance(value, bytes) and len(value) == len(_NO_HASH) else _NO_HASH


def _field_of(code: str) -> str:
    return "signature" if code.startswith("signature") else code
