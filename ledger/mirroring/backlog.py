"""How long leaves have waited for a copy, counted since they were committed or the node started."""

from __future__ import annotations

from ledger.ports import Clock

_MOST = 1024


class Backlog:
    """When the newest sizes of a log were reached, by monotonic time, so that no clock jump counts."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        # (size, time): the leaves below size and above the entry before were committed at that time.
        self._reached: list[tuple[int, float]] = []

    def restart(self, size: int) -> None:
        """Begin anew with a log of that size; how old its leaves are is not known."""
        self._reached = [(size, self._clock.monotonic())] if size else []

    def reach(self, size: int) -> None:
        """Note that the log has grown to that size."""
        if self._reached and size <= self._reached[-1][0]:
            return
        self._reached.append((size, self._clock.monotonic()))
        if len(self._reached) > _MOST:
            # Half of them is exact enough; of two times the older one counts.
            pairs = zip(self._reached[::2], self._reached[1::2], strict=False)
            last = self._reached[-1:] if len(self._reached) % 2 else []
            self._reached = [(later[0], older[1]) for older, later in pairs] + last

    def copied(self, size: int) -> None:
        """Forget the leaves below that size: every mirror holds them."""
        while self._reached and self._reached[0][0] <= size:
            del self._reached[0]

    def age(self, held: int) -> float:
        """Seconds that the first leaf beyond that size has waited; 0.0 if there is none."""
        for size, time in self._reached:
            if size > held:
                return self._clock.monotonic() - time
        return 0.0
