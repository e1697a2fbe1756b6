"""Keeping what was found wrong with another region, or with our own."""

from __future__ import annotations

import json
import logging
from typing import Any

from ledger.ports import AnchorRow, Clock, Store

_LOG = logging.getLogger(__name__)


class Findings:
    """Writes evidence; the same finding is kept once, however often it is met."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._forked: set[str] = set()

    async def keep(self, kind: str, subject: str, body: str) -> None:
        """Keep a finding; a log with two histories is told to whoever reads this node's log, too."""
        await self._store.add_evidence(kind, subject, body, self._clock.now())
        if kind == "fork" and subject not in self._forked:
            # Once: it is met again at every look for as long as it stands.
            self._forked.add(subject)
            _LOG.warning("fork found", extra={"log": subject})

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
