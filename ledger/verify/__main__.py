"""``python -m ledger.verify FILE``: the verifier as a program; reads files, opens no network.

Exit status: 0 passed, 1 failed, 2 pending, cannot tell, or called wrongly.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from ledger.errors import UnavailableError, VerificationError
from ledger.problems import problem_of
from ledger.values import Millis
from ledger.verify.document import verify_document
from ledger.verify.policy import Policy
from ledger.verify.printing import check_line, report_lines
from ledger.verify.report import Check, Report, State, check_json, report_json, worst
from ledger.verify.verifier import verify_file

DEFAULT_POLICY = Path("~/.jjj/policy.json")
_EXIT = {State.PASSED: 0, State.FAILED: 1}
_CANNOT_TELL = 2
_CHUNK = 2**20
_WIDTH = 100


def main(arguments: Sequence[str] | None = None) -> int:
    """Verify one bundle file and print the report; gives the exit status."""
    options = _parser().parse_args(arguments)
    try:
        return _run(options)
    except UnavailableError as error:
        if options.json:
            print(json.dumps(problem_of(error)))
        print(f"{error.code}: {error.detail}", file=sys.stderr)
        return _CANNOT_TELL


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m ledger.verify",
        description="Check a bundle against a policy, offline. "
        "Exit 0: passed; 1: failed; 2: pending or cannot tell.",
        # Left to itself argparse loads shutil to ask the terminal, a tenth of our whole start.
        formatter_class=partial(argparse.HelpFormatter, width=_WIDTH),
    )
    parser.add_argument("bundle", metavar="FILE", type=Path, help="the bundle to check")
    parser.add_argument(
        "--policy",
        type=Path,
        help=f"what you trust, from a source other than the bundle's (default: {DEFAULT_POLICY})",
    )
    parser.add_argument(
        "--file", type=Path, metavar="PLAIN", help="a plain file that the bundle's document names"
    )
    parser.add_argument("--json", action="store_true", help="print the report as JSON")
    parser.add_argument(
        "--lang", choices=("zh", "en"), default="en", help="language of the reasons"
    )
    return parser


def _run(options: argparse.Namespace) -> int:
    policy = _load_policy(options.policy or DEFAULT_POLICY.expanduser())
    data = _read(options.bundle)
    report = verify_file(data, policy, at=_now())
    document = None
    if options.file is not None:
        document = verify_document(*_digest(options.file), report)
    verdict = report.verdict if document is None else worst([report.verdict, document.state])
    text = _as_json if options.json else _as_text
    # A terminal that cannot show Chinese must not turn a verdict into a stack trace.
    sys.stdout.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
    print(text(report, document, verdict, options.lang))
    return _EXIT.get(verdict, _CANNOT_TELL)


def _as_json(report: Report, document: Check | None, verdict: State, language: str) -> str:
    value = report_json(report, language)
    if document is not None:
        value["document"] = check_json(document, language)
    value["verdict"] = verdict.value
    return json.dumps(value, ensure_ascii=False, indent=2)


def _as_text(report: Report, document: Check | None, verdict: State, language: str) -> str:
    lines: list[str] = []
    if document is not None:
        lines = [check_line(document, language), ""]
    return "\n".join([*lines, *report_lines(report, language, verdict)])


def _load_policy(path: Path) -> Policy:
    # Not the bundle's fault: without a policy nothing can be told of it.
    try:
        return Policy.parse(path.read_bytes())
    except OSError as error:
        raise UnavailableError("policy_unusable", f"the policy {path}: {error.strerror}") from error
    except VerificationError as error:
        raise UnavailableError("policy_unusable", f"the policy {path}: {error}") from error


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise _unreadable(path, error) from error


def _unreadable(path: Path, error: OSError) -> UnavailableError:
    return UnavailableError("system_refused", f"{path}: {error.strerror}")


def _digest(path: Path) -> tuple[bytes, int]:
    digest = hashlib.sha256()
    size = 0
    try:
        with path.open("rb") as plain:
            while chunk := plain.read(_CHUNK):
                digest.update(chunk)
                size += len(chunk)
    except OSError as error:
        raise _unreadable(path, error) from error
    return digest.digest(), size


def _now() -> Millis:
    # The program's edge: the time only goes into the report, no check looks at it.
    return Millis(int(time.time() * 1000))  # noqa: TID251


if __name__ == "__main__":
    sys.exit(main())
