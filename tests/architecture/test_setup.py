"""Set-up by the scripts: what an interrupted one left behind is finished, what is ready is left alone."""

import hashlib
import os
import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[2]
SETUP = '. "$0" run && "$PY" -m pip --version && printf "venv %s\\n" "$PY"'


def set_up(venv: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["bash", "-c", SETUP, str(ROOT / "scripts/setup.sh")],
        env={"PATH": os.environ["PATH"], "HOME": str(venv.parent), "JJJ_VENV": str(venv)},
        capture_output=True, text=True, check=False,
    )  # fmt: skip


def stamp() -> str:
    locked = (ROOT / "requirements/run.txt").read_bytes() + (ROOT / "pyproject.toml").read_bytes()
    return hashlib.sha256(locked).hexdigest() + "\n"


def test_an_environment_that_was_interrupted_while_it_was_made_is_finished(tmp_path):
    venv = tmp_path / "venv"
    subprocess.run(["python3", "-m", "venv", "--without-pip", str(venv)], check=True)
    # Locked already, so that nothing is fetched here: only pip is missing.
    (venv / ".locked-run").write_text(stamp())
    done = set_up(venv)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("pip ")
    assert f"venv {venv}/bin/python" in done.stdout
    # A second time there is nothing to do.
    before = (venv / "bin/pip").stat().st_mtime_ns
    assert set_up(venv).returncode == 0
    assert (venv / "bin/pip").stat().st_mtime_ns == before
