import os
import subprocess
import sys

import pytest

from ledger.consortium.holding import held, holder
from ledger.errors import UnavailableError

HOLD = """
import sys
from pathlib import Path
from ledger.consortium.holding import held
with held(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_nobody_holds_a_new_folder(tmp_path):
    assert holder(tmp_path) is None


def test_one_holds_it_and_a_second_is_refused(tmp_path):
    with held(tmp_path):
        assert holder(tmp_path) == os.getpid()
        with pytest.raises(UnavailableError) as refused, held(tmp_path):
            pytest.fail("two hold it")
        assert refused.value.code == "consortium_in_use"
        assert holder(tmp_path) == os.getpid()
    assert holder(tmp_path) is None


def test_whoever_was_killed_holds_nothing_though_its_number_is_still_written(tmp_path):
    other = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert other.stdout.readline() == "held\n"
    assert holder(tmp_path) == other.pid
    other.kill()
    other.communicate()
    assert (tmp_path / "lock").read_text() == str(other.pid)
    assert holder(tmp_path) is None
