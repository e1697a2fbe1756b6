"""Records as lists show them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from ledger.cli.output import emit, say
from ledger.client import RecordView
from ledger.errors import VerificationError
from ledger.statement.sdjwt import open_slots, parse


def show_views(views: Iterable[RecordView], *, as_json: bool) -> None:
    """One line for each record, oldest first."""
    for view in sorted(views, key=lambda one: (one.received, one.origin, one.index)):
        if as_json:
            emit(asdict(view) | {"key": key_of(view)})
        else:
            say(_line(view))


def key_of(view: RecordView) -> str | None:
    """The business key, as far as the statement can be read."""
    try:
        key: Any = open_slots(parse(view.statement)).fields.get("key")
    except VerificationError:
        # A list shows what it can; whether the record holds is for `jjj verify`.
        return None
    return key if isinstance(key, str) else None


def _line(view: RecordView) -> str:
    at = datetime.fromtimestamp(view.received / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    place = f"{view.region}{' (mirror)' if view.mirror else ''}"
    return (
        f"{view.id}  {at}  {view.status:<9}  {place}  {view.kind} v{view.version}  "
        f"{key_of(view) or '?'}"
    )
