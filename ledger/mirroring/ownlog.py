"""What the other regions know of us: heads that our own log signed, and the time (DESIGN D2, D3)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

from ledger.errors import ConflictError, InputError, UnavailableError, VerificationError
from ledger.mirroring.asking import Peers
from ledger.ports import Clock, Peer, Tasks
from ledger.values import Millis, Origin

_PACE = 1.0
_CALM = 30.0
# Until one tells the time after a start, records may have to wait.
_LONGEST_REST = 4.0


class OwnLog:
    """Asks the mirrors, from the start on, what they hold of this region's open log and what time it is.

    The head lock finds out a database restored from a copy. Where the lock was restored with it, as by a
    snapshot of a whole machine, only the mirrors remember what was signed since. A head counts only under
    the log's own signature, so no mirror can stop us by claiming one.

    Args:
        origin: this region's open log.
        compare: compares a signed checkpoint with the log as held here and keeps a contradiction
            (``Witness.compare``).
        contradicted: told that a head which this log signed is not in it, with words for people.
        heard: told what a region's clock says, at once; answers whether ours can be believed.
    """

    def __init__(
        self,
        *,
        peers: Sequence[Peer],
        origin: Callable[[], Origin],
        compare: Callable[[str], Awaitable[None]],
        contradicted: Callable[[Origin, str], None],
        heard: Callable[[Millis, str], bool],
        clock: Clock,
        tasks: Tasks,
    ) -> None:
        self._peers = Peers(peers, clock, _LONGEST_REST)
        self._origin = origin
        self._compare = compare
        self._contradicted = contradicted
        self._heard = heard
        self._tasks = tasks

    async def run(self) -> None:
        """Ask for ever; in short order until every mirror has answered and one agrees on the time."""
        while True:
            await self._tasks.sleep(_CALM if await self.step() else _PACE)

    async def step(self) -> bool:
        """Ask each mirror once; whether all have answered and the clock can be believed."""
        believed = False
        for peer in self._peers.all():
            # The time first: after a start records wait for it.
            now = await self._peers.ask(peer, lambda one: one.time())
            if now is not None:
                believed = self._heard(now, peer.region) or believed
            await self._ask_head(peer)
        return believed and not self._peers.silent

    async def _ask_head(self, peer: Peer) -> None:
        origin = self._origin()
        note = await self._peers.ask(peer, lambda one: one.checkpoint(origin))
        if note is None:
            return
        try:
            await self._compare(note)
        except ConflictError as error:
            self._contradicted(origin, f"{peer.region} holds it: {error.detail}")
        except (InputError, VerificationError):
            # Not a checkpoint that our log signed: the word of a mirror alone.
            return
        except UnavailableError:
            # Our own store cannot be asked or written now: the mirror is asked again.
            return
