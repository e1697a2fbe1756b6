"""Plain files as ``document`` records: named by digest, the file itself stays where it is."""

from __future__ import annotations

import hashlib
import mimetypes
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ledger.cli.rows import Defaults, Rejected, Row
from ledger.errors import InputError, LedgerError

LINKS = ("bill", "invoice", "certificate", "declaration", "transit", "container")


@dataclass(frozen=True, slots=True)
class DocumentWish:
    """What is said of every file; ``links`` are identifiers of the consignment, by field."""

    document_type: str
    links: Mapping[str, str]
    media_type: str | None = None
    title: str | None = None


def read_links(given: Iterable[str]) -> dict[str, str]:
    """``field=number`` as options give it; raises InputError(link_malformed)."""
    links: dict[str, str] = {}
    for text in given:
        name, equals, value = text.partition("=")
        if not equals or name not in LINKS or name in links:
            raise InputError("link_malformed", f"{text!r} is not one of {', '.join(LINKS)}=NUMBER")
        links[name] = value
    return links


def document_rows(
    paths: Iterable[Path], defaults: Defaults, wish: DocumentWish
) -> Iterator[Row | Rejected]:
    """A row for every file, and for every file in a folder."""
    for path in paths:
        if path.is_dir():
            inside = sorted(one for one in path.iterdir() if one.is_file())
            yield from document_rows(inside, defaults, wish)
        else:
            try:
                yield _row(path, defaults, wish)
            except LedgerError as error:
                yield Rejected(str(path), error)


def _row(path: Path, defaults: Defaults, wish: DocumentWish) -> Row:
    if defaults.region is None:
        raise InputError("row_malformed", "name the region with --region", "/region")
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
        size = file.tell()
    fields: dict[str, Any] = {
        "key": f"DOC:{digest}",
        # The file's own time, so that a second run makes the same row and not a new one.
        "time": datetime.fromtimestamp(int(path.stat().st_mtime), UTC).isoformat(),
        "sha256": digest,
        "size": size,
        "media_type": wish.media_type or _media_type(path),
        "document_type": wish.document_type,
        "file_name": path.name,
        **wish.links,
    }
    if wish.title is not None:
        fields["title"] = wish.title
    return Row(str(path), defaults.region, "document", fields, defaults.source)


def _media_type(path: Path) -> str:
    return mimetypes.guess_type(path.name)[0] or "application/octet-stream"
