"""Records as users hand them in: a JSON file, NDJSON lines, a folder of both, or plain files."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from ledger.cli.files import read_file, read_object
from ledger.errors import InputError, LedgerError
from ledger.statement.claims import Source

_LINES: Final = (".ndjson", ".jsonl")
_MEMBERS: Final = frozenset({"kind", "region", "fields", "source"})


@dataclass(frozen=True, slots=True)
class Row:
    """One record to be signed and posted; ``place`` is ``file`` or ``file:line``, for messages."""

    place: str
    region: str
    kind: str
    fields: Mapping[str, Any]
    source: Source
    version: int = 1
    prev: str | None = None

    def digest(self, issuer: str, network: str) -> str:
        """Names the row by its content, so that a second run knows what the first one did."""
        content = [
            network, self.region, issuer, self.kind, self.version, self.prev,
            self.source.system, self.source.method, self.source.basis, self.fields,
        ]  # fmt: skip
        return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Rejected:
    """A row that cannot be posted, and why."""

    place: str
    error: LedgerError


@dataclass(frozen=True, slots=True)
class Defaults:
    """What stands for a row that does not say it itself; ``region`` None: every row has to."""

    region: str | None
    source: Source


def read_rows(paths: Iterable[Path], defaults: Defaults) -> Iterator[Row | Rejected]:
    """Every row of files and folders, in order of name within a folder."""
    for path in paths:
        if path.is_dir():
            inside = sorted(one for one in path.iterdir() if one.suffix in {".json", *_LINES})
            yield from read_rows(inside, defaults)
        elif path.suffix in _LINES:
            yield from _read_lines(path, defaults)
        elif path.suffix == ".json":
            yield _read_row(str(path), read_file(path), defaults)
        else:
            detail = (
                "neither .json nor .ndjson; --as-document posts a file of any kind by its digest"
            )
            yield Rejected(str(path), InputError("file_type_unknown", detail))


def _read_lines(path: Path, defaults: Defaults) -> Iterator[Row | Rejected]:
    with path.open("rb") as file:
        for number, line in enumerate(file, 1):
            if line.strip():
                yield _read_row(f"{path}:{number}", line, defaults)


def _read_row(place: str, data: bytes, defaults: Defaults) -> Row | Rejected:
    try:
        return _row(place, read_object(data), defaults)
    except LedgerError as error:
        return Rejected(place, error)


def _row(place: str, value: Mapping[str, Any], defaults: Defaults) -> Row:
    for name in value.keys() - _MEMBERS:
        raise InputError("row_malformed", "no member of a row", f"/{name[:64]}")
    kind, region = value.get("kind"), value.get("region", defaults.region)
    fields = value.get("fields")
    if not isinstance(kind, str):
        raise InputError("row_malformed", "names the kind of the record", "/kind")
    if not isinstance(region, str):
        raise InputError("row_malformed", "names the region, where --region does not", "/region")
    if not isinstance(fields, dict):
        raise InputError("row_malformed", "holds the fields of the record", "/fields")
    return Row(place, region, kind, fields, _source(value.get("source"), defaults.source))


def _source(value: object, default: Source) -> Source:
    if value is None:
        return default
    if not isinstance(value, dict) or value.keys() != {"system", "method", "basis"}:
        raise InputError("claim_source", "not exactly system, method, basis", "/source")
    return Source(value["system"], value["method"], value["basis"])
