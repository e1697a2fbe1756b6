"""How every command answers: results on stdout, messages on stderr, a stable exit status."""

from __future__ import annotations

import functools
import json
import sys
from collections.abc import Callable
from typing import Any, Final, NoReturn, ParamSpec

import typer

from ledger.errors import LedgerError, UnavailableError
from ledger.problems import problem_of

REFUSED: Final = 1
CANNOT_TELL: Final = 2

_P = ParamSpec("_P")


def guarded(command: Callable[_P, None]) -> Callable[_P, None]:
    """A command whose errors become one line on stderr and an exit status, never a stack trace."""

    @functools.wraps(command)
    def run(*args: _P.args, **kwargs: _P.kwargs) -> None:
        as_json = kwargs.get("as_json") is True
        try:
            command(*args, **kwargs)
        except LedgerError as error:
            fail(error, as_json=as_json)
        except OSError as error:
            where = f"{error.filename}: " if error.filename else ""
            detail = f"{where}{error.strerror or type(error).__name__}"
            fail(UnavailableError("system_refused", detail), as_json=as_json)

    return run


def fail(error: LedgerError, *, as_json: bool) -> NoReturn:
    """Print the error and end with its exit status."""
    if as_json:
        emit(problem_of(error))
    message(error_line(error))
    raise typer.Exit(status_of_error(error))


def status_of_error(error: LedgerError) -> int:
    """The exit status: what could not be answered is not a refusal."""
    return CANNOT_TELL if isinstance(error, UnavailableError) else REFUSED


def error_line(error: LedgerError) -> str:
    """``code: detail (path)``."""
    path = getattr(error, "path", "")
    return _printable(f"{error.code}: {error.detail}" + (f" ({path})" if path else ""))


def emit(value: Any) -> None:  # noqa: ANN401 - any JSON value
    """Print a machine-readable result, one line."""
    typer.echo(json.dumps(value, ensure_ascii=not _shows_text()))


def say(text: str) -> None:
    """Print one line of a result for people."""
    typer.echo(_printable(text))


def message(text: str) -> None:
    """Print one line beside the result."""
    typer.echo(text, err=True)


def answer(value: Any, text: str, *, as_json: bool) -> None:  # noqa: ANN401 - any JSON value
    """Print one result in the form asked for; text may have several lines."""
    if as_json:
        emit(value)
    else:
        for line in text.splitlines():
            say(line)


def answer_members(made: dict[str, Any], *, as_json: bool) -> None:
    """Print what was made or done, a member a line for people."""
    answer(made, "\n".join(f"{name}: {value}" for name, value in made.items()), as_json=as_json)


def _printable(text: str) -> str:
    # Only now: the verifier's room takes longer to load than help and completion may.
    from ledger.verify.wording import printable

    return printable(text)


def _shows_text() -> bool:
    return (sys.stdout.encoding or "").lower().replace("-", "") == "utf8"
