"""The demo as a newcomer runs it: one command, its printed lines, twice in one folder, killed in between."""

import hashlib
import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

import httpx2
import pytest

from ledger.bundle import decode_bundle
from ledger.values import Millis
from ledger.verify.policy import Policy
from ledger.verify.report import State
from ledger.verify.verifier import verify_bundle

ROOT = Path(__file__).parents[2]
RECORDS = 29
SECONDS = 600

# In every Python process of the demo: whatever reaches beyond this machine, or starts another program.
WATCH = """
import os, sys
def watch(event, arguments):
    if event in ("socket.connect", "socket.getaddrinfo"):
        host = arguments[1] if event == "socket.connect" else arguments[0]
        told = host[0] if isinstance(host, tuple) else str(host)
        good = told in ("127.0.0.1", "localhost", "None")
    elif event in ("subprocess.Popen", "os.exec", "os.posix_spawn"):
        told = os.fsdecode(arguments[0] or "")
        good = told == sys.executable
    else:
        return
    with open(os.environ["WATCHED"], "a") as file:
        file.write(f"{'good' if good else 'BAD'} {event} {told}\\n")
sys.addaudithook(watch)
"""
# A network of its own with nothing but the loopback device, which has to be switched on there.
LOOPBACK_UP = """
import fcntl, os, socket, struct, sys
with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
    fcntl.ioctl(any_socket, 0x8914, struct.pack("16sh22x", b"lo", 1))
os.execvp(sys.argv[1], sys.argv[1:])
"""


def sealed_off() -> list[str]:
    """What to put before a command so that it has no network; [] where this machine forbids it."""
    prefix = ["unshare", "-rn", sys.executable, "-I", "-c", LOOPBACK_UP]
    if shutil.which("unshare") is None:
        return []
    tried = subprocess.run([*prefix, "true"], capture_output=True, check=False)
    return prefix if tried.returncode == 0 else []


@dataclass
class Stage:
    """A folder in which the demo runs with nothing but PATH and HOME, as after `scripts/setup.sh`.

    Attributes:
        said: what the run that stayed up printed.
        answers: what each line it printed to be tried did: line, status, output.
    """

    folder: Path
    said: str = ""
    answers: list[tuple[str, int, str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        (self.folder / "watch").mkdir()
        (self.folder / "watch/sitecustomize.py").write_text(WATCH)
        self._stand_in_for_the_environment()

    @property
    def state(self) -> Path:
        return self.folder / "state"

    @property
    def environment(self) -> dict[str, str]:
        return {
            "PATH": os.environ["PATH"],
            "HOME": str(self.folder),
            "JJJ_VENV": str(self.folder / "venv"),
            "PYTHONPATH": str(self.folder / "watch"),
            "WATCHED": str(self.folder / "watched"),
        }

    def command(self, *options: str) -> list[str]:
        """``--data`` is relative: it is meant in the folder where the command is given."""
        return [str(ROOT / "scripts/demo"), "--data", "state", *options]

    def start(self, *options: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            self.command(*options), cwd=self.folder, env=self.environment, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, encoding="utf-8",
        )  # fmt: skip

    def _stand_in_for_the_environment(self) -> None:
        """This Python in the place of a virtual environment that the script finds already made."""
        bin_ = self.folder / "venv/bin"
        bin_.mkdir(parents=True)
        for name, module in (("python", ""), ("pip", "-m pip ")):
            call = f"exec {shlex.quote(sys.executable)} {module}"
            (bin_ / name).write_text(f'#!/bin/sh\n{call}"$@"\n')
            (bin_ / name).chmod(0o755)
        locked = (ROOT / "requirements/run.txt").read_bytes() + (
            ROOT / "pyproject.toml"
        ).read_bytes()
        stamp = hashlib.sha256(locked).hexdigest()
        (self.folder / "venv/.locked-run").write_text(f"{stamp}\n")


def kill_while_posting(stage: Stage) -> None:
    demo = stage.start("--no-open")
    deadline = time.monotonic() + SECONDS
    kept = stage.state / "story.json"
    while not (kept.exists() and len(json.loads(kept.read_text())) >= 7):
        assert demo.poll() is None, demo.stdout.read()
        assert time.monotonic() < deadline, "nothing was posted"
        time.sleep(0.01)
    demo.kill()
    demo.wait()
    demo.stdout.close()


def stay_up_and_be_killed(stage: Stage) -> None:
    demo = stage.start("--no-open")
    watchdog = threading.Timer(SECONDS, demo.kill)
    watchdog.start()
    try:
        look_at(demo, stage)
    finally:
        demo.kill()
        demo.wait()
        demo.stdout.close()
        watchdog.cancel()
    until_gone(page_of(stage.said))


def look_at(demo: subprocess.Popen[str], stage: Stage) -> None:
    """Read what it prints until it stays up; then do what it says."""
    for line in demo.stdout:
        stage.said += line
        if "Ctrl-C" in line:
            break
    assert "Ctrl-C" in stage.said, stage.said
    for line in lines_to_try(stage.said):
        words = shlex.split(line, comments=True)
        if words[0] == "curl" and shutil.which("curl") is None:
            stage.answers.append((line, 0, fetched(words[1]).text))
            continue
        done = subprocess.run(
            ["bash", "-c", line], cwd="/", env={"PATH": os.environ["PATH"]},
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        stage.answers.append((line, done.returncode, done.stdout))
    page = fetched(page_of(stage.said))
    stage.answers.append(("page", page.status_code, page.text))


def fetched(url: str) -> httpx2.Response:
    return httpx2.get(url, trust_env=False, timeout=SECONDS)


def until_gone(url: str) -> None:
    """The gateway, a process of its own, ends with the demo, however that ends."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            httpx2.get(url, trust_env=False)
        except httpx2.TransportError:
            return
        time.sleep(0.1)
    raise AssertionError("the gateway outlived the demo")


def lines_to_try(said: str) -> list[str]:
    return [one.strip() for one in said.split("Try:")[1].splitlines() if one.startswith("  ")]


def page_of(said: str) -> str:
    return re.search(r"^page +(http\S+)", said, re.MULTILINE)[1]


@pytest.fixture(scope="module")
def stage(tmp_path_factory):
    """Killed while it posts; started again, looked at and killed; the folder is left for a third run."""
    made = Stage(tmp_path_factory.mktemp("a newcomer's folder"))
    kill_while_posting(made)
    stay_up_and_be_killed(made)
    return made


@pytest.fixture(scope="module")
def second(stage):
    """The run after that, to its end, with no network where this machine can take it away."""
    done = subprocess.run(
        [*sealed_off(), *stage.command("--once", "--json")], cwd=stage.folder,
        env=stage.environment, capture_output=True, text=True, timeout=SECONDS, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def rows(said: str) -> list[tuple[str, int, str]]:
    """Region, place in the log and verdict of each row of the table."""
    pattern = r"│ (beijing|tianjin|hebei) +│ #(\d+) +│ (\w+)"
    return [(one[1], int(one[2]), one[3]) for one in re.finditer(pattern, said)]


def test_it_shows_every_record_proven_and_the_changed_one_named(stage):
    assert [verdict for _, _, verdict in rows(stage.said)] == ["passed"] * RECORDS
    assert {region for region, _, _ in rows(stage.said)} == {"beijing", "tianjin", "hebei"}
    assert "gross_kg of the bill_of_lading was changed in tianjin's database" in stage.said
    named = re.findall(r"^✕ (\S+) (.*)$", stage.said, re.MULTILINE)
    assert named == [("BL:DEMOB26000001", "The value of gross_kg was changed after signing.")]
    assert f"{RECORDS - 1} other records still verify" in stage.said
    assert "Traceback" not in stage.said


def test_each_line_it_prints_does_what_is_said_beside_it(stage):
    lines = [line for line, _, _ in stage.answers]
    assert [line.partition("   # ")[2].partition(":")[0] for line in lines[:2]] == [
        "carried away before",
        "fetched after",
    ]
    (_, passed, good), (_, failed, bad), (_, _, search), (_, _, evidence), page = stage.answers
    assert (passed, failed) == (0, 1)
    assert "Verdict: passed" in good
    assert "FAILED" not in good
    assert re.findall(r"^  x FAILED .*", bad, re.MULTILINE) == [
        "  x FAILED  fields: The value of gross_kg was changed after signing."
    ]
    assert [one["records"] for one in json.loads(search)["dossiers"]] == [RECORDS]
    policy = Policy.parse((stage.state / "policy.json").read_bytes())
    [record] = verify_bundle(decode_bundle(evidence.encode()), policy, at=Millis(0)).records
    assert (record.verdict, record.failed_field) == (State.FAILED, "gross_kg")
    assert page[1] == 200
    assert "DEMOB26000001" in page[2]


def test_its_folder_keeps_the_state_over_kills(stage, second):
    assert re.search(r"^network +(\S+)", stage.said, re.MULTILINE)[1] == second["network"]
    places = [(region, index) for region, index, _ in rows(stage.said)]
    assert [(one["region"], one["index"]) for one in second["records"]] == places
    assert len({one["id"] for one in second["records"]}) == RECORDS
    # The file carried away before the change is still the good one.
    policy = Policy.parse((stage.state / "policy.json").read_bytes())
    carried = decode_bundle((stage.state / "shipment.bundle.json").read_bytes())
    report = verify_bundle(carried, policy, at=Millis(0))
    assert (report.verdict, len(report.records)) == (State.PASSED, RECORDS)


def test_a_record_changed_by_an_earlier_run_fails_and_no_other(second):
    assert second["as_expected"] is True
    assert second["tampered"]["by_earlier_run"] is True
    [spoilt] = [one for one in second["records"] if one["verdict"] != "passed"]
    assert (spoilt["key"], spoilt["verdict"]) == ("BL:DEMOB26000001", "failed")
    assert second["tampered"]["failed"] == [spoilt["id"]] == [second["tampered"]["record"]]
    assert second["tampered"]["field"] == "gross_kg"


def test_it_reaches_out_to_nobody_and_starts_no_other_program(stage, second):
    watched = (stage.folder / "watched").read_text().splitlines()
    assert [line for line in watched if line.startswith("BAD")] == []
    # Chain and gateway are started once in each run, so the watch was there.
    assert sum(line.startswith("good subprocess.Popen") for line in watched) == 2 * 3
    assert any(line.startswith("good socket.connect") for line in watched)


@pytest.mark.skipif(not sealed_off(), reason="this machine lets no process have a network apart")
def test_it_needs_no_network(second):
    assert second["as_expected"] is True


def test_told_to_end_it_ends(stage, second):
    demo = stage.start("--no-open")
    until = threading.Timer(SECONDS, demo.kill)
    until.start()
    assert any("network" in line for line in demo.stdout)
    demo.send_signal(signal.SIGTERM)
    demo.stdout.read()
    assert demo.wait() == 0
    demo.stdout.close()
    until.cancel()
