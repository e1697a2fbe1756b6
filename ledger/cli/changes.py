"""``jjj amend`` and ``jjj withdraw``: the next version of a record, with the reason for it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ledger.cli.options import (
    NETWORK_FILE,
    AsJson,
    AuthorKeyFile,
    NetworkFile,
    NodeUrl,
    OptionalRegion,
    Receipts,
)
from ledger.cli.output import CANNOT_TELL, error_line, guarded, message, status_of_error
from ledger.errors import ConflictError

if TYPE_CHECKING:
    from ledger.cli.own import Opened
    from ledger.cli.rows import Row

_RECEIPTS = Path("jjj.receipts")

Record = Annotated[str, typer.Argument(metavar="RECORD", help="Its id, or its business key.")]
Kind = Annotated[str | None, typer.Option(help="Its kind, where the key does not say enough.")]
Reason = Annotated[str, typer.Option(help="Why, in a sentence for whoever reads it later.")]
CaseCode = Annotated[str, typer.Option(help="Case of the change, a code of the list case_code.")]


@guarded
def amend(
    record: Record,
    changes: Annotated[
        Path,
        typer.Argument(
            exists=True, dir_okay=False, help="JSON of the changed fields; null takes one out."
        ),
    ],
    key: AuthorKeyFile,
    reason: Reason,
    case_code: CaseCode,
    network: NetworkFile = NETWORK_FILE,
    region: OptionalRegion = None,
    kind: Kind = None,
    node: NodeUrl = None,
    receipts: Receipts = None,
    as_json: AsJson = False,
) -> None:
    """Post the next version of a record of yours with some fields changed."""
    from ledger.cli.files import read_file, read_object

    changed = read_object(read_file(changes), allow_null=True)
    said = {"change": "amended", "reason": reason, "case_code": case_code}
    _post_next(record, changed | said, key, network, region, kind, node, receipts, as_json=as_json)


@guarded
def withdraw(
    record: Record,
    key: AuthorKeyFile,
    reason: Reason,
    case_code: CaseCode,
    network: NetworkFile = NETWORK_FILE,
    region: OptionalRegion = None,
    kind: Kind = None,
    node: NodeUrl = None,
    receipts: Receipts = None,
    as_json: AsJson = False,
) -> None:
    """Withdraw a record of yours: a last version that says so; nothing is removed."""
    said = {"change": "withdrawn", "reason": reason, "case_code": case_code}
    _post_next(record, said, key, network, region, kind, node, receipts, as_json=as_json)


def next_fields(fields: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """Fields of the next version: those of the last one, the changes applied."""
    merged = {**fields, **changes}
    return {name: value for name, value in merged.items() if value is not None}


def _post_next(
    record: str,
    changes: Mapping[str, Any],
    key: Path,
    network: Path,
    region: str | None,
    kind: str | None,
    node: str | None,
    receipts: Path | None,
    *,
    as_json: bool,
) -> None:
    from ledger.cli.access import Door
    from ledger.cli.outbox import Outbox
    from ledger.cli.own import newest, own_records
    from ledger.cli.submit import checked, finish, send

    door = Door.open(network, key, node)
    own = asyncio.run(own_records(door, door.regions(region)))
    for name, error in own.silent.items():
        # A region that does not know the key has no record of it, and nothing to say here.
        if status_of_error(error) == CANNOT_TELL:
            message(f"{name}: {error_line(error)}")
    last = newest(own, record, kind)
    kept = receipts or _RECEIPTS
    outbox = Outbox(kept)
    row = _row(last, next_fields(last.fields, changes))
    if row.fields == last.fields:
        # The last version says just this: an earlier run whose answer was lost, or a second call.
        row = replace(row, version=last.claims.version, prev=last.claims.prev)
        if outbox.knows(row.digest(door.issuer, door.network.name)):
            finish(send([row], door, outbox, as_json=as_json), kept, as_json=as_json)
            return
        raise ConflictError("nothing_changed", f"version {row.version} says exactly this", "")
    if row.fields.get("change") == last.fields.get("change") == "withdrawn":
        raise ConflictError("withdrawn_already", f"version {last.claims.version} withdrew it", "")
    rows = checked([row], door, as_json=as_json)
    finish(send(rows, door, outbox, as_json=as_json), kept, as_json=as_json)


def _row(last: Opened, fields: Mapping[str, Any]) -> Row:
    from ledger.cli.rows import Row

    return Row(
        place=str(last.fields["key"]),
        region=last.view.region,
        kind=last.claims.kind,
        fields=fields,
        source=last.claims.source,
        version=last.claims.version + 1,
        prev=last.view.id,
    )
