import errno
import json

import pytest
import typer

from ledger.cli.output import error_line, guarded
from ledger.errors import (
    ConflictError,
    FatalError,
    InputError,
    LedgerError,
    UnavailableError,
    VerificationError,
)


def refusing(error: Exception):
    @guarded
    def command(as_json: bool = False) -> None:
        raise error

    return command


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (InputError("a", "b", "/c"), 1),
        (ConflictError("a", "b", "/c"), 1),
        (VerificationError("a", "b"), 1),
        (FatalError("a", "b"), 1),
        (UnavailableError("a", "b"), 2),
        (OSError(errno.ENOSPC, "No space left on device", "/tmp/x"), 2),
    ],
)
def test_status_says_whether_it_was_refused_or_cannot_be_told(error, status):
    with pytest.raises(typer.Exit) as ended:
        refusing(error)()
    assert ended.value.exit_code == status


def test_error_is_one_line_on_stderr(capsys):
    with pytest.raises(typer.Exit):
        refusing(InputError("check_digit_wrong", "should be 6", "/fields/container"))()
    out, err = capsys.readouterr()
    assert (out, err) == ("", "check_digit_wrong: should be 6 (/fields/container)\n")


def test_machine_output_of_an_error_is_its_problem(capsys):
    with pytest.raises(typer.Exit):
        refusing(ConflictError("version_taken", "there is one", "/version"))(as_json=True)
    problem = json.loads(capsys.readouterr().out)
    assert (problem["code"], problem["status"], problem["path"]) == (
        "version_taken",
        409,
        "/version",
    )


def test_an_error_that_nobody_meant_is_not_hidden():
    with pytest.raises(ZeroDivisionError):
        refusing(ZeroDivisionError())()


def test_escape_codes_of_others_do_not_reach_the_terminal():
    assert "\x1b" not in error_line(LedgerError("a", "\x1b[2Jpassed"))
