"""Keeping what was found wrong with another region, or with our own."""

from __future__ import annotations

import json
from typing import Any

from ledger.ports import AnchorRow, Clock, Store


class Findings:
    """Writes evidence; the same finding is kept once, however often it is met."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    async def keep(self, kind: str, subject: str, body: str) -> None:
        """Keep a finding."""
        await self._store.add_evidence(kind, subject, body, self._clock.now())

    async def keep_json(self, kind: str, subject: str, **facts: Any) -> None:  # noqa: ANN401 - JSON
        """Keep a finding whose body is an object."""
        await self.keep(kind, subject, json.dumps(facts, sort_keys=True))

    async def fork(self, row: AnchorRow, detail: str, note: str | None) -> None:
        """Keep that a log shows other heads than the one it anchored."""
        facts = row.facts
        await self.keep_json(
            "fork",
            str(row.origin),
            detail=detail,
            size=facts.head.size,
            anchored_root=facts.head.root.hex(),
            transaction=facts.transaction.hex(),
            notes=[text for text in (row.checkpoint, note) if text is not None],
        )
