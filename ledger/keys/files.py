"""Key files: written whole or not at all, readable by their owner only."""

from __future__ import annotations

import os
import stat
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Final

from ledger.errors import InputError

_MAX_KEY_FILE: Final = 65_536


def write_secret(path: Path, data: bytes) -> None:
    """Write a new key file, mode 0600, in a folder of mode 0700; durable on return.

    Raises:
        InputError: key_exists. A key is never overwritten: what it signed may need it again.
    """
    folder = path.parent
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if stat.S_IMODE(folder.stat().st_mode) & 0o077:
        folder.chmod(0o700)
    # mkstemp creates with 0600, so at no moment is the key readable by others.
    handle, temporary = tempfile.mkstemp(dir=folder, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        try:
            # A link fails where the name is taken; a rename would silently replace the key there.
            os.link(temporary, path)
        except FileExistsError as error:
            raise InputError("key_exists", f"{path} exists and is not overwritten") from error
    finally:
        with suppress(FileNotFoundError):
            Path(temporary).unlink()
    _sync_folder(folder)


def read_secret(path: Path) -> bytes:
    """Read a key file; refuses one that others could have read.

    Raises:
        InputError: key_missing, key_readable_by_others, key_malformed (too long).
    """
    try:
        with path.open("rb") as file:
            # The opened file's own mode: the name could be moved to another file in between.
            mode = os.fstat(file.fileno()).st_mode
            if stat.S_IMODE(mode) & 0o077:
                raise InputError("key_readable_by_others", f"{path} must have mode 0600")
            data = file.read(_MAX_KEY_FILE + 1)
    except OSError as error:
        raise InputError("key_missing", f"{path} cannot be read: {error.strerror}") from error
    if len(data) > _MAX_KEY_FILE:
        raise InputError("key_malformed", f"{path} is no key file")
    return data


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
