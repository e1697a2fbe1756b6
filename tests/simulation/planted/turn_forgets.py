"""Planted: what a log holds beyond the size it was closed at is not logged again in the next epoch."""

from ledger.sealing.openlog import OpenLog

BREAKS = "kept"
KINDS = ("turn_on_old_copy", "turn")
SEED = 1
SECONDS = 100


async def _log_again(self) -> None:
    self._left_behind = []


def plant(patch) -> None:
    patch.setattr(OpenLog, "_log_again", _log_again)
