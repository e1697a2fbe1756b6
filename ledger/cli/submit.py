"""``jjj submit``: sign and post records from files."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from ledger.cli.options import (
    NETWORK_FILE,
    AsJson,
    AuthorKeyFile,
    NetworkFile,
    NodeUrl,
    Receipts,
)
from ledger.cli.output import CANNOT_TELL, REFUSED, emit, error_line, guarded, message, say

if TYPE_CHECKING:
    from ledger.cli.access import Door
    from ledger.cli.outbox import Outbox
    from ledger.cli.posting import Outcome
    from ledger.cli.rows import Rejected, Row


@guarded
def submit(
    paths: Annotated[
        list[Path],
        typer.Argument(
            metavar="PATH...",
            exists=True,
            help="JSON of one record, NDJSON with one a line, folders of these; "
            "or any file with --as-document.",
        ),
    ],
    key: AuthorKeyFile,
    network: NetworkFile = NETWORK_FILE,
    region: Annotated[
        str | None, typer.Option("--region", help="Region of the rows that name none.")
    ] = None,
    node: NodeUrl = None,
    receipts: Receipts = None,
    system: Annotated[
        str, typer.Option(help="Origin of the data: the system they come from.")
    ] = "jjj",
    method: Annotated[
        Literal["typed", "device", "derived"], typer.Option(help="How they got into it.")
    ] = "typed",
    basis: Annotated[str, typer.Option(help="On what basis: a document, a sensor.")] = "",
    as_document: Annotated[
        bool, typer.Option("--as-document", help="Post each file as a document, by its digest.")
    ] = False,
    document_type: Annotated[
        str, typer.Option(help="With --as-document: what the files are.")
    ] = "document",
    media_type: Annotated[
        str | None, typer.Option(help="With --as-document: instead of guessing by name.")
    ] = None,
    title: Annotated[str | None, typer.Option(help="With --as-document: a title.")] = None,
    link: Annotated[
        list[str] | None,
        typer.Option(
            metavar="FIELD=NUMBER",
            help="With --as-document, repeatable: the consignment it belongs to, "
            "by bill, invoice, certificate, declaration, transit or container.",
        ),
    ] = None,
    check_only: Annotated[
        bool, typer.Option("--check", help="Only check the rows; post nothing.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Sign records and post them; a row of a JSON or NDJSON file is {kind, region?, fields, source?}.

    Every row is checked before anything is sent. A second run goes on where the first one ended: what
    was signed but not answered is posted again, byte for byte.
    """
    from ledger.cli.access import Door
    from ledger.cli.documents import DocumentWish, document_rows, read_links
    from ledger.cli.outbox import Outbox
    from ledger.cli.rows import Defaults, read_rows
    from ledger.errors import InputError
    from ledger.statement.claims import Source

    if node is not None and region is None:
        raise typer.BadParameter("--node is one region's: name it with --region")
    door = Door.open(network, key, node)
    defaults = Defaults(region, Source(system, method, basis))
    if as_document:
        wish = DocumentWish(document_type, read_links(link or []), media_type, title)
        given = list(document_rows(paths, defaults, wish))
    else:
        given = list(read_rows(paths, defaults))
    if not given:
        # A wrong folder must not look like a day's work done.
        raise InputError("rows_missing", f"there is no record in {', '.join(map(str, paths))}")
    rows = checked(given, door, as_json=as_json)
    if check_only:
        _done(f"{len(rows)} rows are in order", as_json=as_json)
        return
    kept = receipts or paths[0].with_name(paths[0].name + ".receipts")
    finish(send(rows, door, Outbox(kept), as_json=as_json), kept, as_json=as_json)


def checked(given: Sequence[Row | Rejected], door: Door, *, as_json: bool) -> list[Row]:
    """The rows, if every one is in order; otherwise tells each that is not and ends with 1."""
    from ledger.cli.rows import Rejected
    from ledger.cli.signing import draft
    from ledger.errors import LedgerError

    rows: list[Row] = []
    rejected: list[Rejected] = []
    issuer = door.issuer
    for one in given:
        if isinstance(one, Rejected):
            rejected.append(one)
            continue
        try:
            draft(one, door, issuer)
        except LedgerError as error:
            rejected.append(Rejected(one.place, error))
        else:
            rows.append(one)
    if rejected:
        _tell_rejected(rejected, as_json=as_json)
        message(f"{len(rejected)} of {len(given)} rows are not in order; nothing was sent")
        raise typer.Exit(REFUSED)
    return rows


def send(rows: Sequence[Row], door: Door, outbox: Outbox, *, as_json: bool) -> list[Outcome]:
    """Post the rows and show the outcome of each as it comes."""
    from ledger.cli.posting import post

    outcomes: list[Outcome] = []
    with _progress(len(rows), quiet=as_json) as (advance, note):

        def told(outcome: Outcome) -> None:
            outcomes.append(outcome)
            advance()
            if as_json:
                emit(outcome.as_json())
            if outcome.error is not None:
                note(f"{outcome.row.place}: {error_line(outcome.error)}")

        asyncio.run(post(rows, door, outbox, told))
    return outcomes


def finish(outcomes: Sequence[Outcome], receipts: Path, *, as_json: bool) -> None:
    """Sum up, and end with 1 where a row was refused, 2 where one was not answered."""
    refused = sum(1 for one in outcomes if one.error is not None and not one.unanswered)
    unanswered = sum(1 for one in outcomes if one.unanswered)
    repeated = sum(1 for one in outcomes if one.repeated)
    posted = len(outcomes) - refused - unanswered - repeated
    _done(
        f"{posted} posted, {repeated} had been posted before, {refused} refused, "
        f"{unanswered} without an answer; receipts in {receipts}",
        as_json=as_json,
    )
    if unanswered:
        message("run the same command again to post what was not answered")
    if refused or unanswered:
        raise typer.Exit(REFUSED if refused else CANNOT_TELL)


def _tell_rejected(rejected: Sequence[Rejected], *, as_json: bool) -> None:
    from ledger.problems import problem_of

    for one in rejected:
        if as_json:
            emit({"place": one.place, "problem": problem_of(one.error)})
        message(f"{one.place}: {error_line(one.error)}")


def _done(text: str, *, as_json: bool) -> None:
    (message if as_json else say)(text)


@contextmanager
def _progress(
    total: int, *, quiet: bool
) -> Iterator[tuple[Callable[[], None], Callable[[str], None]]]:
    """A bar on a terminal: how to move it by one, and how to print a line without tearing it."""
    from rich.console import Console
    from rich.progress import Progress
    from rich.text import Text

    console = Console(stderr=True)
    if quiet or not console.is_terminal:
        yield lambda: None, message
        return
    with Progress(console=console, transient=True) as progress:
        task = progress.add_task("posting", total=total)
        # Text: what a row holds is no markup of ours.
        yield (
            lambda: progress.advance(task),
            lambda line: progress.console.print(Text(line), soft_wrap=True),
        )
