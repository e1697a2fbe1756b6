"""What the demo starts beside itself: the addresses it is told, and what it says where there are none."""

import subprocess
import sys

import pytest

from ledger.cli.beside import Beside, consortium_beside
from ledger.consortium import binary
from ledger.errors import UnavailableError

LINES = "http://127.0.0.1:1\nbeijing http://127.0.0.1:1\nhebei http://127.0.0.1:2\n"


@pytest.fixture
def printing():
    """Runs a process that prints this and ends."""
    started = []

    def run(text):
        process = subprocess.Popen(
            [sys.executable, "-c", "import sys; print(sys.argv[1], end='')", text],
            stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        started.append(process)
        return process

    yield run
    for process in started:
        process.communicate()


def test_first_its_address_then_those_of_its_nodes(printing):
    chain = Beside("chain", printing(LINES), more=2)
    assert chain.nodes() == {"beijing": "http://127.0.0.1:1", "hebei": "http://127.0.0.1:2"}
    assert chain.url() == "http://127.0.0.1:1"
    # The lines were read once and are kept.
    assert len(chain.nodes()) == 2


def test_a_chain_of_one_node_has_no_further_addresses(printing):
    chain = Beside("chain", printing(LINES))
    assert chain.nodes() == {}
    assert chain.url() == "http://127.0.0.1:1"


@pytest.mark.parametrize("text", ["", "http://127.0.0.1:1\nbeijing http://127.0.0.1:1\n"])
def test_one_that_ended_before_it_had_told_all_did_not_start(printing, text):
    with pytest.raises(UnavailableError) as refused:
        Beside("chain", printing(text), more=2).nodes()
    assert refused.value.code == "chain_unavailable"


def test_without_go_the_consortium_is_refused_in_plain_words(tmp_path, monkeypatch):
    monkeypatch.setattr(binary, "_GO_PLACES", ())
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    with (
        pytest.raises(UnavailableError, match=r"Go .* is not installed"),
        consortium_beside(tmp_path / "demo"),
    ):
        pytest.fail("a chain was started")
    assert not (tmp_path / "demo").exists()
