"""Offering more for a transaction that waits too long, where settings ask for it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from ledger.ports import Chain, Clock, OutboxRow


@dataclass(frozen=True, slots=True)
class Replacing:
    """When a waiting transaction is replaced by a dearer one.

    ``after`` is in seconds of waiting, ``most`` the dearest price of gas in wei.
    """

    after: float
    most: int


class Replacer:
    """Watches how long the transactions of one nonce wait; with no setting it never offers more."""

    def __init__(self, chain: Chain, clock: Clock, setting: Replacing | None) -> None:
        self._chain = chain
        self._clock = clock
        self._setting = setting
        self._waiting: tuple[int, float] | None = None

    def due(self, rows: Sequence[OutboxRow]) -> OutboxRow | None:
        """The dearer one for these transactions of one nonce, once they have waited; the same call."""
        if self._setting is None or not rows:
            return None
        nonce, now = rows[0].nonce, self._clock.monotonic()
        if self._waiting is None or self._waiting[0] != nonce:
            self._waiting = nonce, now
        if now - self._waiting[1] < self._setting.after:
            return None
        # One step at a time, whatever becomes of it.
        self._waiting = nonce, now
        signed = self._chain.sign_dearer([row.raw for row in rows], self._setting.most)
        return None if signed is None else replace(rows[-1], raw=signed.raw, hash=signed.hash)
