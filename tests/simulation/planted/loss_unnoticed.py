"""Planted: a log goes on from the leaves that are left, whatever lock and chain remember beyond them."""

from ledger.sealing import openlog
from ledger.sealing.standing import LEADING

BREAKS = "named"
KINDS = ("disk_lost",)
SEED = 12
SECONDS = 100


def plant(patch) -> None:
    patch.setattr(openlog, "judge_lack", lambda _standing, _lack: LEADING)
