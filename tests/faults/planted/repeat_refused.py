"""Planted: a statement that is logged already is refused instead of answered with its place."""

from ledger.errors import ConflictError
from ledger.intake.intake import Intake


def plant() -> None:
    seen = Intake._seen

    async def _seen(self, statement):
        if await seen(self, statement) is not None:
            raise ConflictError("record_exists", "it is logged already", "/version")

    Intake._seen = _seen
