"""A log whose rows were altered here must not keep the others from being followed."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from ledger.errors import InputError, UnavailableError, VerificationError
from ledger.mirroring.findings import Findings
from ledger.values import Origin

# What the store answers for a row of another type; every other silence of it passes.
_ALTERED = "row_unreadable"


class Apart:
    """Gives each log its turn in a round, whatever the work on another one fails by."""

    def __init__(self, findings: Findings) -> None:
        self._findings = findings
        self._unavailable: UnavailableError | None = None

    @asynccontextmanager
    async def work(self, origin: Origin) -> AsyncIterator[None]:
        """A round of work on one log; what fails in it is left for the next round."""
        try:
            async with self.rows(origin):
                yield
        except UnavailableError as error:
            self._unavailable = error

    @asynccontextmanager
    async def rows(self, origin: Origin) -> AsyncIterator[None]:
        """Something that altered rows may make impossible for ever; that is kept, once."""
        try:
            yield
        except (InputError, VerificationError, UnavailableError) as error:
            if isinstance(error, UnavailableError) and error.code != _ALTERED:
                raise
            await self._findings.keep_json(
                "rows_altered", str(origin), code=error.code, detail=error.detail
            )

    def end_round(self) -> None:
        """Raise the UnavailableError that one of the logs met, now that all had their turn."""
        met, self._unavailable = self._unavailable, None
        if met is not None:
            raise met
