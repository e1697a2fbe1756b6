"""``jjj verify``: the whole command, with the chain asked where the user wants it."""

from __future__ import annotations

import asyncio
import hashlib
import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from ledger.cli.files import read_file
from ledger.cli.language import user_language
from ledger.cli.output import guarded
from ledger.errors import LedgerError, UnavailableError

if TYPE_CHECKING:
    from ledger.verify.policy import Policy


@guarded
def verify(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The bundle to check.")],
    policy: Annotated[
        Path | None,
        typer.Option(
            help="What you trust, from a source other than the bundle's "
            "(default: ~/.jjj/policy.json)."
        ),
    ] = None,
    plain: Annotated[
        Path | None,
        typer.Option("--file", help="A plain file that the bundle's document record names."),
    ] = None,
    rpc: Annotated[
        str | None,
        typer.Option(help="Ask this JSON-RPC of the chain for the anchors; it is believed."),
    ] = None,
    lang: Annotated[
        Literal["zh", "en"] | None, typer.Option(help="Language of the reasons (default: LANG).")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the report as JSON.")] = False,
) -> None:
    """Check a bundle against a policy, offline unless --rpc is given.

    Exit status: 0 passed, 1 failed, 2 pending or cannot tell.
    """
    language = lang or user_language()
    if rpc is None:
        raise typer.Exit(_offline(file, policy, plain, language, as_json=as_json))
    raise typer.Exit(_online(file, policy, plain, rpc, language, as_json=as_json))


def _offline(
    file: Path, policy: Path | None, plain: Path | None, language: str, *, as_json: bool
) -> int:
    from ledger.verify.__main__ import main

    given = ["--lang", language]
    given += ["--policy", str(policy)] if policy else []
    given += ["--file", str(plain)] if plain else []
    given += ["--json"] if as_json else []
    return main([*given, "--", str(file)])


def _trusted(path: Path) -> Policy:
    from ledger.verify.policy import Policy

    try:
        return Policy.parse(read_file(path))
    except (LedgerError, OSError) as error:
        # Not the bundle's fault: without a policy nothing can be told of it.
        raise UnavailableError("policy_unusable", f"the policy {path}: {error}") from error


def _online(
    file: Path, policy: Path | None, plain: Path | None, rpc: str, language: str, *, as_json: bool
) -> int:
    from ledger.cli.chainfacts import read_chain
    from ledger.node.world import SystemClock
    from ledger.verify.__main__ import DEFAULT_POLICY
    from ledger.verify.document import verify_document
    from ledger.verify.printing import check_line, report_lines
    from ledger.verify.report import State, check_json, report_json, worst
    from ledger.verify.verifier import verify_file

    trusted = _trusted(policy or DEFAULT_POLICY.expanduser())
    data = file.read_bytes()
    reading = asyncio.run(read_chain(rpc, data, trusted))
    # Whoever names a node wants the chain to count.
    asked = replace(trusted, required=tuple(dict.fromkeys((*trusted.required, "chain"))))
    report = verify_file(data, asked, at=SystemClock().now(), chain=reading)
    document = None
    if plain is not None:
        content = plain.read_bytes()
        document = verify_document(hashlib.sha256(content).digest(), len(content), report)
    verdict = report.verdict if document is None else worst([report.verdict, document.state])
    if as_json:
        value = report_json(report, language)
        value |= {} if document is None else {"document": check_json(document, language)}
        value["verdict"] = verdict.value
        typer.echo(json.dumps(value, ensure_ascii=False, indent=2))
    else:
        lines = [] if document is None else [check_line(document, language), ""]
        typer.echo("\n".join([*lines, *report_lines(report, language, verdict)]))
    return {State.PASSED: 0, State.FAILED: 1}.get(verdict, 2)
