"""The demo's story: a sea import posted, its papers attached, one weight changed in a database."""

from __future__ import annotations

import asyncio
import hashlib
import json
import sqlite3
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ledger.client import Receipt
from ledger.statement import base64url
from ledger.statement.sdjwt import parse
from ledger.testing.local import LocalNetwork
from ledger.testing.scenarios import Party, Step, parties, scenario, trade_documents

BILL = "DEMOB26000001"
TAMPERED = ("bill_of_lading", "gross_kg", "2004.0")
"""Kind, field and the value that is written over the true one."""


@dataclass(frozen=True, slots=True)
class Posted:
    """One record of the story as it was posted."""

    region: str
    kind: str
    key: str
    version: int
    party: Party
    receipt: Receipt


@dataclass(frozen=True, slots=True)
class Tampering:
    """What was changed behind the ledger's back; ``before`` is ``after`` where an earlier run did it."""

    region: str
    statement: str
    kind: str
    field: str
    before: str
    after: str

    @property
    def by_earlier_run(self) -> bool:
        """Whether the value stood there already, in a folder that keeps its state."""
        return self.before == self.after


@dataclass(frozen=True, slots=True)
class _Entry:
    """One record to be posted."""

    party: Party
    region: str
    kind: str
    version: int
    fields: Mapping[str, Any]


async def post_story(local: LocalNetwork) -> AsyncIterator[Posted]:
    """Register the parties and post every record in order; a second run gets the same receipts."""
    kept = _Kept(local.folder / "story.json")
    await local.register_parties()
    entries = list(_entries())
    newest: dict[tuple[str, str], str] = {}
    for number, entry in enumerate(entries):
        key = str(entry.fields["key"])
        compact = kept.statements.get(str(number)) or _signed(
            local, entry, newest.get((entry.kind, key))
        )
        kept.keep(number, compact)
        newest[entry.kind, key] = parse(compact).id.hex()
        receipt = await local.clients[entry.region].submit(compact)
        yield Posted(entry.region, entry.kind, key, entry.version, entry.party, receipt)


async def tamper(local: LocalNetwork, posted: Sequence[Posted]) -> Tampering:
    """Change one weight straight in one region's database, as someone with its password could."""
    kind, field, after = TAMPERED
    target = next(one for one in posted if one.kind == kind)
    path = local.folder / target.region / "ledger.sqlite"
    before = await asyncio.to_thread(_overwrite, path, target.receipt.id, field, after)
    return Tampering(target.region, target.receipt.id, kind, field, before, after)


class _Kept:
    """The signed statements of the story: signed again they would be other records with the same keys."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.statements: dict[str, str] = json.loads(path.read_text()) if path.exists() else {}

    def keep(self, number: int, compact: str) -> None:
        """Before it is posted: a crash in between must not sign it twice."""
        if str(number) not in self.statements:
            self.statements[str(number)] = compact
            fresh = self._path.with_suffix(".new")
            fresh.write_text(json.dumps(self.statements))
            fresh.replace(self._path)


def _entries() -> Sequence[_Entry]:
    steps = scenario("S1")
    documents = [
        _document(steps[0], one.content, one.media_type, one.document_type, one.file_name)
        for one in trade_documents()
    ]
    return [_Entry(s.party, s.region, s.kind, s.version, s.fields) for s in steps] + documents


def _document(
    first: Step, content: bytes, media_type: str, document_type: str, file_name: str
) -> _Entry:
    digest = hashlib.sha256(content).hexdigest()
    fields = {
        "key": f"DOC:{digest}",
        "time": first.fields["time"],
        "sha256": digest,
        "size": len(content),
        "media_type": media_type,
        "document_type": document_type,
        "file_name": file_name,
        "bill": BILL,
    }
    return _Entry(parties()["importer_bj"], "tianjin", "document", 1, fields)


def _signed(local: LocalNetwork, entry: _Entry, prev: str | None) -> str:
    return local.statement(
        local.author(entry.party.id),
        entry.party.uscc,
        entry.region,
        entry.kind,
        entry.fields,
        entry.version,
        prev,
    )


def _overwrite(path: Path, statement: str, field: str, after: str) -> str:
    """Write another value into the disclosure of a field; gives the value that stood there."""
    connection = sqlite3.connect(path, timeout=10)
    try:
        # The node's own connection is the only one that may checkpoint.
        connection.execute("PRAGMA wal_autocheckpoint=0")
        row = connection.execute(
            "SELECT signed, disclosures FROM statement WHERE id = ?", (bytes.fromhex(statement),)
        ).fetchone()
        changed, before = _changed(bytes(row[0]).decode(), str(row[1]), field, after)
        with connection:
            connection.execute(
                "UPDATE statement SET disclosures = ? WHERE id = ?",
                (changed, bytes.fromhex(statement)),
            )
        return before
    finally:
        connection.close()


def _changed(signed: str, disclosures: str, field: str, after: str) -> tuple[str, str]:
    payload = json.loads(base64url.decode(signed.split(".")[1]))
    digest = payload["fields"][field][0]["..."]
    for text in disclosures.split("~"):
        if base64url.encode(hashlib.sha256(text.encode()).digest()) == digest:
            salt, before = json.loads(base64url.decode(text))
            fresh = base64url.encode(json.dumps([salt, after]).encode())
            return disclosures.replace(text, fresh), str(before)
    # Changed by a run before this one: it stays as it is.
    return disclosures, after
