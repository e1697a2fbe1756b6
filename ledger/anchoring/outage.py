"""How long the oldest record has waited for its anchor; past a bound, no more are taken (bounded outage)."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

from ledger.anchoring.facts import newest_own
from ledger.anchoring.status import AnchorStatus
from ledger.errors import InputError, UnavailableError, VerificationError
from ledger.ports import Clock, Store, Tasks
from ledger.values import Millis, Origin

_RETRY_SECONDS = 60


class Outage:
    """Watches the open log's oldest leaf without an anchor.

    A receipt without an anchor rests on three operators' word alone: what is taken in meanwhile has to stay
    little enough to be gone through by people.

    Args:
        origin: the open log.
        status: what its anchor worker last saw.
        most: seconds a record may wait; its wait counts from when it was received, over restarts too.
        pace: seconds between two looks.
    """

    def __init__(
        self,
        *,
        origin: Callable[[], Origin],
        status: Callable[[], AnchorStatus],
        store: Store,
        clock: Clock,
        tasks: Tasks,
        most: float,
        pace: float = 1.0,
    ) -> None:
        self._origin = origin
        self._status = status
        self._store = store
        self._clock = clock
        self._tasks = tasks
        self._most = most
        self._pace = pace
        self._oldest: Millis | None = None

    @property
    def age(self) -> float:
        """Seconds that the oldest record without an anchor has waited; 0 where none waits."""
        return 0.0 if self._oldest is None else max(0, self._clock.now() - self._oldest) / 1000

    @property
    def code(self) -> str | None:
        """Why intake is closed, or None."""
        return "anchoring_late" if self.age > self._most else None

    def check(self) -> None:
        """Raises UnavailableError(anchoring_late) while the oldest record has waited for too long."""
        if self.code is not None:
            raise UnavailableError(
                "anchoring_late",
                f"nothing of this log was anchored for more than {self._most:g} seconds",
                _RETRY_SECONDS,
            )

    async def run(self) -> None:
        """Look again and again."""
        while True:
            # Store or tree cannot be read now and then: what they said last stands, their faults are told.
            with suppress(UnavailableError, InputError, VerificationError):
                await self.look()
            await self._tasks.sleep(self._pace)

    async def look(self) -> None:
        """Find the oldest leaf without an anchor; raises UnavailableError, and as ``tree.root``."""
        origin = self._origin()
        anchored, newest = self._status().anchored, await self._store.newest_anchor(origin)
        if newest is not None and newest.facts.head.size > anchored:
            # Seen before this process looked, or before the chain fell back; or somebody else's.
            anchored = max(anchored, await newest_own(origin, self._store))
        # None where the log ends there: nothing waits.
        leaf = await self._store.leaf(origin, anchored)
        self._oldest = None if leaf is None else leaf.received
