"""Files of the user: read with bounds, written whole or not at all."""

from __future__ import annotations

import os
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Any

from ledger.errors import InputError, VerificationError
from ledger.statement import strictjson

_MOST_BYTES = 2**26


def write_file(path: Path, data: bytes) -> None:
    """Replace a file in one step, durably, so that nobody ever reads half of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        # mkstemp is for secrets; what comes here is meant to be handed on.
        Path(temporary).chmod(0o644)
        Path(temporary).replace(path)
    except BaseException:
        with suppress(FileNotFoundError):
            Path(temporary).unlink()
        raise


def read_file(path: Path) -> bytes:
    """A file's bytes; raises InputError(file_too_large)."""
    with path.open("rb") as file:
        data = file.read(_MOST_BYTES + 1)
    if len(data) > _MOST_BYTES:
        raise InputError("file_too_large", f"{path} has more than {_MOST_BYTES} bytes")
    return data


def read_object(data: bytes, *, allow_null: bool = False) -> dict[str, Any]:
    """One JSON object; raises InputError(json_…, row_malformed) with the path of what is wrong."""
    try:
        value = strictjson.loads(data, allow_null=allow_null)
    except VerificationError as error:
        raise InputError(error.code, error.detail, error.path) from error
    if not isinstance(value, dict):
        raise InputError("row_malformed", "not a JSON object")
    return value
