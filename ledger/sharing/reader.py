"""The reading side of a node: field by field, deny by default, evidence with every answer."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from ledger.bundle import Bundle
from ledger.errors import ForbiddenError, InputError
from ledger.merkle.note import VerifierKey
from ledger.ports import Clock, FedStatement, Found, LeafRow, Store
from ledger.sharing.bundling import Bundler
from ledger.sharing.evidence import NewestSigned, cosigned
from ledger.sharing.feed import Feed
from ledger.sharing.finding import may_find, meant
from ledger.sharing.holdings import Coverage, Holdings
from ledger.sharing.pages import Page, View, check_limit, decode_cursor, encode_cursor
from ledger.sharing.rights import PUBLIC, Right, Rights
from ledger.sharing.showing import Shown, show
from ledger.statement.slots import pointer_to
from ledger.values import Origin, StatementId, witness_name
from ledger.verify.logpolicy import LogPolicy

_MAX_FEED = 1024
_PAGE = 256


class Reader:
    """Answers for every log this node holds, its own and the mirrored ones.

    Args:
        network: name of the network.
        region: this node's region.
        logs: what is trusted of each log, by origin; may grow while the node runs.
        certificates: the registrars' certificates and intermediates (DER), for bundles.
        peers: the regions' peer keys by key name.
        newest_signed: the newest checkpoint a log of this node has signed.
        feed: what mirrors are fed; without, nothing is sealed.
        asked: told which region asked for which of our logs from where: it holds what is before.
    """

    def __init__(
        self,
        *,
        network: str,
        region: str,
        store: Store,
        clock: Clock,
        logs: Mapping[Origin, LogPolicy],
        certificates: Sequence[bytes],
        peers: Mapping[str, VerifierKey],
        newest_signed: NewestSigned,
        feed: Feed | None = None,
        asked: Callable[[str, Origin, int], None] | None = None,
    ) -> None:
        self._region = region
        self._witness = witness_name(network, region)
        self._newest: dict[Origin, int] = {}
        self._store = store
        self._logs = logs
        self._certificates = tuple(certificates)
        self._holdings = Holdings(store)
        self._newest_signed = newest_signed
        self._feed = feed or Feed(self._holdings, region)
        self._asked = asked
        self._rights = Rights(f"{network}/{region}", self._holdings, clock, self._registrars, peers)

    async def authorise(self, token: str, method: str, target: str) -> Right:
        """The right a read token carries for this request (path and query as sent).

        Raises:
            InputError: token_invalid.
        """
        return await self._rights.authorise(token, method, target)

    async def view(self, statement: StatementId, right: Right = PUBLIC) -> View:
        """A record as far as this reader may see it; raises InputError(record_unknown)."""
        found = await self._found(statement)
        return await self._view(found, right, Coverage(self._holdings))

    async def search(
        self,
        value: str,
        kind: str = "",
        cursor: str | None = None,
        limit: int = 50,
        right: Right = PUBLIC,
    ) -> Page:
        """Records that carry an identifier, of type ``kind`` or ('') of any.

        Raises:
            InputError: value_malformed, cursor_malformed, limit_out_of_range.
        """
        wanted = meant(value, kind)
        after = decode_cursor(cursor)
        found = await self._holdings.search(wanted, after, check_limit(limit))
        mine = [one for one in found if may_find(one, wanted, right)]
        return await self._page(found, mine, limit, right)

    async def mine(self, right: Right, cursor: str | None = None, limit: int = 50) -> Page:
        """The records of the author who asks.

        Raises:
            ForbiddenError: author_only.
            InputError: cursor_malformed, limit_out_of_range.
        """
        if right.author is None:
            raise ForbiddenError("author_only", "only a registered firm has records of its own")
        after = decode_cursor(cursor)
        found = await self._holdings.by_author(right.author, after, check_limit(limit))
        return await self._page(found, found, limit, right)

    async def bundle(self, statements: Sequence[StatementId], right: Right = PUBLIC) -> Bundle:
        """The evidence of some records, in that order, as far as this reader may see them.

        Raises:
            InputError: record_unknown.
            UnavailableError: checkpoint_missing.
        """
        bundler = Bundler(self._holdings, self._newest_signed, right)
        for one in statements:
            await bundler.add(await self._found(one))
        return bundler.bundle(self._certificates)

    async def checkpoint(self, origin: Origin, size: int | None = None) -> str | None:
        """A log's anchored checkpoint of a size, or the newest one, with its cosignatures so far."""
        if size is None:
            size = await self._newest_size(origin)
        row = await self._holdings.anchor(origin, size)
        return None if row is None or row.checkpoint is None else cosigned(row)

    async def cosignature(self, origin: Origin, size: int) -> str | None:
        """This node's own cosignature line on an anchored head, once it was given."""
        row = await self._holdings.anchor(origin, size)
        return None if row is None else row.cosignatures.get(self._witness)

    async def _newest_size(self, origin: Origin) -> int:
        """The newest anchored size whose checkpoint is here; 0 if there is none."""
        newest = self._newest.get(origin, 0)
        while rows := await self._store.anchors(origin, newest, _PAGE):
            signed = [row.facts.head.size for row in rows if row.checkpoint is not None]
            newest = max(signed, default=newest)
            if rows[-1].facts.head.size != newest:
                break
        self._newest[origin] = newest
        return newest

    async def feed(
        self, origin: Origin, start: int, count: int, right: Right
    ) -> list[FedStatement]:
        """Committed leaves with the statements they name, as far as mirrors may hold them.

        Raises:
            ForbiddenError: peer_only.
        """
        if right.peer is None:
            raise ForbiddenError("peer_only", "only the other regions read the feed")
        if self._asked is not None:
            self._asked(right.peer, origin, start)
        return await self._feed.read(origin, start, min(count, _MAX_FEED))

    async def signed_part(self, statement: StatementId, right: Right) -> bytes:
        """Header, payload and signature, for the other regions and the author.

        Raises:
            InputError: record_unknown.
            ForbiddenError: peer_or_author_only.
        """
        found = await self._found(statement)
        shown = show(found.statement, right)
        mine = shown.parsed is not None and shown.parsed.claims.iss == right.author
        if right.peer is None and not mine:
            raise ForbiddenError("peer_or_author_only", "not open to this reader")
        return found.statement.signed

    async def _found(self, statement: StatementId) -> Found:
        found = await self._holdings.statement(statement)
        if found is None:
            raise InputError("record_unknown", "this node holds no such record", "/id")
        return found

    async def _page(
        self, found: Sequence[Found], shown: Iterable[Found], limit: int, right: Right
    ) -> Page:
        coverage = Coverage(self._holdings)
        views = [await self._view(one, right, coverage) for one in shown]
        last = found[-1].leaf if len(found) == limit else None
        return Page(tuple(views), None if last is None else encode_cursor(last.origin, last.index))

    async def _view(self, found: Found, right: Right, coverage: Coverage) -> View:
        shown = show(found.statement, right)
        leaf, claims = found.leaf, shown.parsed.claims if shown.parsed else None
        return View(
            id=found.statement.id,
            region=leaf.origin.region,
            origin=leaf.origin,
            index=leaf.index,
            received=leaf.received,
            kind=claims.kind if claims else found.statement.record.kind,
            version=claims.version if claims else found.statement.version,
            status=await _status(found.leaf, coverage),
            statement=shown.compact,
            closed=shown.closed,
            mirror=leaf.origin.region != self._region,
            sealed=await self._sealed(found, shown),
        )

    async def _sealed(self, found: Found, shown: Shown) -> tuple[str, ...]:
        """Fields that this reader may see and that are held here sealed only."""
        origin = found.leaf.origin
        if not shown.lacking or origin.region != self._region:
            return ()
        kept = await self._store.sealed(origin, [found.statement.id])
        return tuple(pointer_to(path) for path in shown.lacking) if kept else ()

    def _registrars(self) -> frozenset[str]:
        """Kids (hex) of the registrars of this region's logs."""
        mine = [
            log.registrars for origin, log in self._logs.items() if origin.region == self._region
        ]
        return frozenset().union(*mine)


async def _status(leaf: LeafRow, coverage: Coverage) -> str:
    if await coverage.covering(leaf, quorate=True) is not None:
        return "witnessed"
    anchored = await coverage.covering(leaf, quorate=False)
    return "accepted" if anchored is None else "anchored"
