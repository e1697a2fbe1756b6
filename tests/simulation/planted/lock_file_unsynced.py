"""Planted: the lock's new file is not synced before the rename, so a power cut leaves it torn."""

from tests.simulation.headlock import Folder

BREAKS = "promised"
KINDS = ()
SEED = 3
SECONDS = 20


def plant(patch) -> None:
    patch.setattr(Folder, "sync_file", lambda _self, _name: None)
