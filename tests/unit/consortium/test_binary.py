import subprocess
import threading
import time
from pathlib import Path

import pytest

from ledger.consortium import binary
from ledger.errors import UnavailableError

GO = """#!/bin/sh
echo "$@" >> "{kept}"
[ "{status}" = 0 ] || {{ echo "sonic does not compile" >&2; exit {status}; }}
while [ "$1" != -o ]; do shift; done
printf ev > "$2"
sleep 0.2
echo md >> "$2"
"""


@pytest.fixture
def source(tmp_path):
    folder = tmp_path / "source"
    folder.mkdir()
    (folder / "go.mod").write_text("module a\n")
    (folder / "go.sum").write_text("a h1:x\n")
    return folder


@pytest.fixture
def install(tmp_path, monkeypatch):
    """Put a Go of ours on the path, or none; gives the file that keeps its calls."""
    monkeypatch.setattr(binary, "_GO_PLACES", ())

    def run(status: int | None = 0) -> Path:
        folder = tmp_path / "bin"
        folder.mkdir()
        if status is not None:
            go = folder / "go"
            go.write_text(GO.format(kept=tmp_path / "calls", status=status))
            go.chmod(0o755)
        monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin" if status is not None else str(folder))
        return tmp_path / "calls"

    return run


def test_what_is_built_depends_on_the_modules_and_on_nothing_else(source, tmp_path):
    first = binary.place(source, tmp_path)
    (source / "README.md").write_text("more")
    assert binary.place(source, tmp_path) == first
    assert first.parent.parent == tmp_path / "jjj-consortium"
    places = {first}
    for name in ("go.mod", "go.sum"):
        (source / name).write_text((source / name).read_text() + "\n")
        places.add(binary.place(source, tmp_path))
    assert len(places) == 3


def test_without_go_it_is_said_in_plain_words(source, tmp_path, install):
    install(None)
    with pytest.raises(UnavailableError, match=r"Go 1\.23\.8 or later is not installed") as refused:
        binary.build(source, tmp_path, print)
    assert refused.value.code == "go_missing"


def test_go_is_found_where_its_installer_puts_it(source, tmp_path, install, monkeypatch):
    install(None)
    go = tmp_path / "go"
    go.touch()
    monkeypatch.setattr(binary, "_GO_PLACES", (go,))
    assert binary.find_go() == go


def test_what_is_built_needs_no_go_any_more(source, tmp_path, install):
    install(None)
    program = binary.place(source, tmp_path)
    assert not binary.is_ready(source, tmp_path)
    program.parent.mkdir(parents=True)
    program.touch()
    assert binary.is_ready(source, tmp_path)
    assert binary.build(source, tmp_path, pytest.fail) == program


def test_of_two_who_ask_at_once_one_builds_and_both_have_it(source, tmp_path, install):
    kept = install()
    told, found = [], []
    askers = [
        threading.Thread(target=lambda: found.append(binary.build(source, tmp_path, told.append)))
        for _ in range(2)
    ]
    for one in askers:
        one.start()
    for one in askers:
        one.join()
    assert found == [binary.place(source, tmp_path)] * 2
    assert found[0].read_text() == "evmd\n"
    assert len(kept.read_text().splitlines()) == len(told) == 1
    assert "4 to 6 minutes" in told[0]


def test_it_is_built_from_the_locked_modules(source, tmp_path, install):
    kept = install()
    binary.build(source, tmp_path, lambda _: None)
    words = kept.read_text().split()
    assert words[0] == "build"
    assert "-mod=readonly" in words
    assert words[-1] == "github.com/cosmos/evm/cmd/evmd"


def test_a_build_that_fails_leaves_no_program_and_says_why(source, tmp_path, install):
    install(3)
    with pytest.raises(UnavailableError, match="ended with 3: sonic does not compile") as refused:
        binary.build(source, tmp_path, lambda _: None)
    assert refused.value.code == "consortium_build_failed"
    assert not binary.is_ready(source, tmp_path)


def test_while_it_is_built_there_is_no_program(source, tmp_path, install):
    install()
    program = binary.place(source, tmp_path)
    building = threading.Thread(target=binary.build, args=(source, tmp_path, lambda _: None))
    building.start()
    seen = set()
    while building.is_alive():
        # Half a program would be there before the builder is done with it.
        seen.add(program.read_text() if program.exists() else None)
        time.sleep(0.005)
    assert seen <= {None, "evmd\n"}
    assert program.exists()


def test_our_own_modules_are_locked():
    source = Path("hardhat-free-local/consortium")
    module = (source / "go.mod").read_text()
    locked = (source / "go.sum").read_text()
    for name, version in (("cosmos/evm", "v0.3.2"), ("bytedance/sonic", "v1.15.0")):
        assert f"github.com/{name} {version}\n" in module.replace(" // indirect", "")
        assert f"github.com/{name} {version} h1:" in locked
    kept = subprocess.run(
        ["git", "check-ignore", "-q", source / "go.sum"], check=False, capture_output=True
    )
    assert kept.returncode == 1
