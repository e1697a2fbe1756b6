"""Calling `jjj` inside the test's process, as a shell would."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from typer.testing import CliRunner

from ledger.cli.commands import app


@dataclass(frozen=True)
class Called:
    """What a call printed and how it ended."""

    status: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """The one JSON value on stdout."""
        return json.loads(self.out)

    @property
    def lines(self) -> list[Any]:
        """Each line of stdout as JSON."""
        return [json.loads(line) for line in self.out.splitlines()]


def jjj(*arguments: str | Path, env: dict[str, str] | None = None) -> Called:
    """Run one command; an error that is not meant for users fails the test."""
    environment = {"JJJ_NETWORK": None, "JJJ_KEY": None, "COLUMNS": "200", **(env or {})}
    result = CliRunner().invoke(app, [str(one) for one in arguments], env=environment)
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return Called(result.exit_code, result.stdout, result.stderr)


def good(*arguments: str | Path) -> Called:
    """Run one command that has to work."""
    called = jjj(*arguments)
    assert called.status == 0, called.err + called.out
    return called
