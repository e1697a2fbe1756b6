"""How much one address or one key may post; counted in memory, since a restart forgives."""

from __future__ import annotations

from collections.abc import Callable

from limits import RateLimitItemPerMinute
from limits.storage import Storage
from limits.strategies import FixedWindowRateLimiter

from ledger.ports import Clock


class Limiter:
    """Limits by name and subject."""

    def __init__(self, clock: Clock) -> None:
        self._limiter = FixedWindowRateLimiter(_Windows(clock))

    def rule(self, name: str, per_minute: int) -> Callable[[str], bool]:
        """A rule that says whether one more is within the limit of its subject."""
        item = RateLimitItemPerMinute(per_minute)
        return lambda subject: self._limiter.hit(item, name, subject)


class _Windows(Storage):
    """Counts by key, each for as long as its window is open, by the clock's monotonic time.

    The library's own storage in memory reads the machine's clock and starts a thread to forget.
    """

    STORAGE_SCHEME = None

    def __init__(self, clock: Clock) -> None:
        super().__init__()
        self._clock = clock
        self._open: dict[str, tuple[float, int]] = {}
        self._swept = clock.monotonic()

    @property
    def base_exceptions(self) -> tuple[type[Exception], ...]:
        """None: nothing here can fail."""
        return ()

    def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        """Count, in a window that is open for ``expiry`` seconds from its first count."""
        now = self._clock.monotonic()
        if now - self._swept >= expiry:
            self._open = {name: one for name, one in self._open.items() if one[0] > now}
            self._swept = now
        until, count = self._open.get(key, (0.0, 0))
        if until <= now:
            until, count = now + expiry, 0
        self._open[key] = (until, count + amount)
        return count + amount

    def get(self, key: str) -> int:
        """The count of a window that is open, else 0."""
        until, count = self._open.get(key, (0.0, 0))
        return count if until > self._clock.monotonic() else 0

    def get_expiry(self, key: str) -> float:
        """When the window closes, in monotonic seconds; now where none is open."""
        return max(self._open.get(key, (0.0, 0))[0], self._clock.monotonic())

    def check(self) -> bool:
        """True: memory is at hand."""
        return True

    def reset(self) -> int:
        """Forget all; how many windows there were."""
        count = len(self._open)
        self._open.clear()
        return count

    def clear(self, key: str) -> None:
        """Forget one window."""
        self._open.pop(key, None)
