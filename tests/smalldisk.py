"""A disk of a few megabytes that tests fill up and make room on again."""

import contextlib
import errno
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

from tests.postgres import MissingError, missing


class SmallDisk:
    """A file system of its own in memory, mounted at ``folder``."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._filler = folder / "filler"

    def fill(self, left: int) -> None:
        """Leave about so many bytes free."""
        self._filler.write_bytes(bytes(shutil.disk_usage(self.folder).free - left))

    def fill_up(self) -> None:
        """Leave no byte free, whatever others write or give back meanwhile; again at each call."""
        with self._filler.open("ab", buffering=0) as file:
            for size in (1 << 20, 1 << 12, 1):
                with _until_full():
                    while True:
                        file.write(bytes(size))

    def free(self) -> None:
        """Make room again."""
        self._filler.unlink()


@contextlib.contextmanager
def _until_full() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise


@contextlib.contextmanager
def small_disk(folder: Path, megabytes: int) -> Iterator[SmallDisk]:
    """Mount one for as long as the block lasts; skips where this user may not mount, fails there in CI."""
    call = ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m,mode=0700", "none", str(folder)]
    mounted = subprocess.run(call, capture_output=True, text=True, check=False)
    if mounted.returncode:
        missing(MissingError(f"a small disk needs the right to mount: {mounted.stderr.strip()}"))
    try:
        yield SmallDisk(folder)
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)
