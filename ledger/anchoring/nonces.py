"""Which nonces of the anchor account were used by transactions of ours, and which by nobody we know."""

from __future__ import annotations

from dataclasses import dataclass

from ledger import tree
from ledger.errors import InputError
from ledger.ports import Chain, ChainHead, Store
from ledger.values import Origin, TreeHead

_PAGE = 256


@dataclass(frozen=True, slots=True)
class _Signed:
    """The newest transaction we know to have signed: one nonce more, and the head it anchors.

    Without a head where an earlier release kept the count alone.
    """

    nonce: int
    size: int = 0
    origin: Origin | None = None


class Nonces:
    """Counts what this database has signed; a database restored from a copy has signed more than it knows."""

    def __init__(self, store: Store, chain: Chain) -> None:
        self._store = store
        self._chain = chain

    async def expect(self, nonce: int, origin: Origin, head: TreeHead) -> None:
        """Note that a transaction for this head was signed with that nonce, before it is sent."""
        known = await self._known()
        # Never less than before: after a roll-back our own transactions may come back by themselves.
        if known is None or nonce >= known.nonce:
            text = f"{nonce + 1} {head.size} {origin}"
            await self._store.put_meta(self._name, text)

    async def beyond_ours(self, nonce: int, origin: Origin, contract: ChainHead) -> int | None:
        """The newest nonce used, where we never came so far and no anchor of our own log explains it.

        ``nonce`` is the account's number of mined transactions, ``contract`` the chain's head of the log
        ``origin``, which the caller has found to be one that our log extends. Nothing is known before our
        first transaction.
        """
        known = await self._known()
        if known is None or nonce <= known.nonce:
            return None
        explained = await self._anchored_since(known, origin, contract.head)
        if explained is None:
            # Not all of the chain's events were read yet: the next look knows.
            return None
        if explained < nonce - known.nonce:
            return nonce - 1
        # Each of them anchored a head that our log extends: they are ours, from after the copy that this
        # database was restored from.
        await self.expect(nonce - 1, origin, contract.head)
        return None

    async def _anchored_since(self, known: _Signed, origin: Origin, head: TreeHead) -> int | None:
        """How many anchors came after the newest one we signed, of heads that our logs extend.

        None while not all events were read.
        """
        if known.origin is None:
            return 0
        if known.origin == origin:
            return await self._anchors(origin, known.size, head.size)
        # The copy is from before an epoch turn.
        closed = (await self._chain.head(known.origin.log_id)).head
        before = await self._anchors(known.origin, known.size, closed.size)
        after = await self._anchors(origin, 0, head.size)
        return None if before is None or after is None else before + after

    async def _anchors(self, origin: Origin, after: int, upto: int) -> int | None:
        count, held = 0, await self._store.size(origin)
        while after < upto:
            rows = await self._store.anchors(origin, after, _PAGE)
            if not rows:
                return None
            for row in rows:
                after = row.facts.head.size
                # A thief's head stays in a log that was closed below it, and explains nothing.
                if after <= min(upto, held):
                    root = await tree.root(self._store, origin, after)
                    count += root == row.facts.head.root
        return count

    async def _known(self) -> _Signed | None:
        kept = await self._store.get_meta(self._name)
        if kept is None:
            return None
        nonce, *head = kept.split(" ")
        if not head:
            return _Signed(int(nonce))
        try:
            return _Signed(int(nonce), int(head[0]), Origin.parse(head[1]))
        except InputError:
            return _Signed(int(nonce))

    @property
    def _name(self) -> str:
        return f"anchor-nonce/{self._chain.sender.hex()}"
