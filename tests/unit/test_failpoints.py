"""Every failpoint is reached somewhere in the product, and none goes by a name that is not listed."""

import re
from pathlib import Path

import pytest

from ledger import failpoints

LEDGER = Path(failpoints.__file__).parent
CALL = re.compile(r'\breach\("([^"]+)"\)')


def test_the_list_and_the_code_agree():
    called = [
        name for path in LEDGER.rglob("*.py") for name in CALL.findall(path.read_text("utf-8"))
    ]
    assert sorted(called) == sorted(failpoints.POINTS)


def test_a_hook_is_told_until_it_is_taken_away():
    told: list[str] = []
    failpoints.listen(told.append)
    failpoints.reach("seal.taken")
    failpoints.listen(None)
    failpoints.reach("seal.signed")
    assert told == ["seal.taken"]


def test_what_the_hook_raises_strikes_there():
    def strike(_name: str) -> None:
        raise KeyboardInterrupt

    failpoints.listen(strike)
    try:
        with pytest.raises(KeyboardInterrupt):
            failpoints.reach("seal.taken")
    finally:
        failpoints.listen(None)
