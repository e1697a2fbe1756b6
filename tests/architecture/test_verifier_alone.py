"""The verifier stands alone: a child process verifies a bundle while every way out is watched.

import-linter looks at our own imports only; this sees what third-party packages load, too.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CORPUS = ROOT / "docs" / "protocol" / "corpus"

ABSENT = (
    "sqlite3", "ssl", "asyncio", "http", "urllib.request", "web3", "fastapi", "pydantic", "httpx2",
    "sqlalchemy", "requests", "stdnum", "rich", "typer",
)  # fmt: skip
# Audit events by the beginning of their names: every way to the network, a database or another process.
FORBIDDEN = (
    "socket.", "sqlite3.", "subprocess.", "os.system", "os.exec", "os.fork", "os.posix_spawn", "os.spawn",
    "os.startfile", "pty.", "urllib.", "http.", "ftplib.", "smtplib.", "poplib.", "imaplib.", "telnetlib.",
    "nntplib.", "syslog.", "ctypes.dlopen",
)  # fmt: skip

WATCH = """
import json, sys
forbidden = tuple(json.loads(sys.argv[1]))
WRITING = 0o1 | 0o2  # O_WRONLY, O_RDWR
opened = []
def watch(event, arguments):
    if event.startswith(forbidden):
        raise RuntimeError(f"the verifier did {event}")
    if event == "open":
        path, mode, flags = arguments
        if set(mode or "") & set("wax+") or (flags or 0) & WRITING:
            raise RuntimeError(f"the verifier wrote to {path}")
        opened.append(str(path))
sys.addaudithook(watch)
"""

CHILD = (
    WATCH
    + """
exec(sys.argv[3])
import pathlib
from ledger.verify import Policy, report_json, verify_file
corpus = pathlib.Path(sys.argv[2])
index = json.loads((corpus / "index.json").read_bytes())
policies = {e["policy"]: Policy.parse((corpus / e["policy"]).read_bytes()) for e in index}
files = [(e, (corpus / e["file"]).read_bytes()) for e in index]
wrong = []
for turn in range(2):
    # Modules that load late have loaded after the first turn: then not even a file is read.
    opened.clear()
    for entry, data in files:
        report = verify_file(data, policies[entry["policy"]], at=0)
        json.dumps(report_json(report, "zh"))
        if report.verdict.value != entry["verdict"]:
            wrong.append(entry["file"])
print(json.dumps({"count": len(files), "wrong": wrong, "opened": opened, "modules": sorted(sys.modules)}))
"""
)


def child(body: str = "") -> subprocess.CompletedProcess[str]:
    arguments = [json.dumps(FORBIDDEN), str(CORPUS), body]
    return subprocess.run(
        [sys.executable, "-B", "-c", CHILD, *arguments],
        cwd=ROOT, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip


def test_the_verifier_loads_and_touches_nothing_but_its_own() -> None:
    done = child()
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)
    assert answer["count"] > 300
    assert answer["wrong"] == []
    assert answer["opened"] == []
    loaded = set(answer["modules"])
    assert {name for name in ABSENT if name in loaded} == set()
    rooms = {name.split(".")[1] for name in loaded if name.startswith("ledger.")}
    assert rooms <= {"errors", "values", "merkle", "statement", "bundle", "verify"}
    assert "gateway" not in loaded


@pytest.mark.parametrize(
    "body",
    [
        "import socket; socket.socket()",
        "import socket; socket.getaddrinfo('localhost', 80)",
        "import socket; socket.gethostbyname('localhost')",
        "import sqlite3; sqlite3.connect(':memory:')",
        "import subprocess; subprocess.run(['true'])",
        "import os; os.system('true')",
        "import os; os.fork()",
        "import urllib.request; urllib.request.urlopen('http://127.0.0.1:9/')",
        "import tempfile; tempfile.TemporaryFile()",
        "import os; open(os.devnull, 'a')",
    ],
)
def test_the_watch_would_see_it(body: str) -> None:
    done = child(body)
    assert done.returncode == 1
    assert "RuntimeError: the verifier " in done.stderr


def test_the_program_runs_alone_too() -> None:
    run = "from ledger.verify.__main__ import main; sys.exit(main(sys.argv[2:]))"
    done = subprocess.run(
        [sys.executable, "-B", "-c", WATCH + run, json.dumps(FORBIDDEN),
         str(CORPUS / "passed/document.json"), "--policy", str(CORPUS / "policy.json"),
         "--file", str(CORPUS / "plain.txt"), "--lang", "zh"],
        cwd=ROOT, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
