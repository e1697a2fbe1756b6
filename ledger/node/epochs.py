"""A region's own logs, one for each epoch: their keys, and the turn from a closed one to the next."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

from ledger.errors import FatalError
from ledger.node.book import NetworkBook
from ledger.ports import Signer
from ledger.sealing import Sealer
from ledger.values import Origin


class Epochs:
    """The region's own logs, as the network file names them.

    Args:
        book: the network file.
        key: the key of one of the logs, or None where this node does not hold it.

    Attributes:
        first: the log that the node starts with.
        signers: the keys held, by origin; grows with each turn.

    Raises:
        FatalError: log_key_wrong.
    """

    def __init__(self, book: NetworkBook, key: Callable[[Origin], Signer | None]) -> None:
        self._book = book
        self._key = key
        own = book.own_logs()
        # A node that starts after an epoch turn starts with the closed log and turns again.
        self.first = own[-2].origin if len(own) > 1 else own[-1].origin
        self.signers: dict[Origin, Signer] = {}
        for entry in own:
            self._take_key(entry.origin)

    async def turn_if_closed(self, sealer: Sealer, turned: Callable[[Origin], None]) -> None:
        """Go on in the newest epoch once the network file shows the open log closed.

        ``turned`` is told of each log that the sealer has gone on to.
        """
        own, older = self._book.own_logs(), list[tuple[Origin, int]]()
        for old, new in pairwise(own):
            if old.closed is None:
                return
            if old.origin != sealer.origin:
                older.append((old.origin, old.closed.size))
                continue
            signer = self._take_key(new.origin)
            if signer is None and new.closed is None:
                sealer.stop("log_key_missing", f"no key of {new.origin} in the keys folder")
                return
            await sealer.turn(old.closed, new.origin, signer, older)
            if sealer.origin != new.origin:
                return
            older.append((old.origin, old.closed.size))
            turned(new.origin)

    def _take_key(self, origin: Origin) -> Signer | None:
        key = self._key(origin)
        if key is None:
            return None
        expected = self._book.logs[origin].key
        if (key.name, key.public_key) != (expected.name, expected.public_key):
            raise FatalError(
                "log_key_wrong", f"the key of {origin} is not the one the network names"
            )
        self.signers[origin] = key
        return key
