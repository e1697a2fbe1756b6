"""The lock files fit pyproject: every dependency at a version it allows, with hashes, no address named."""

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

PROJECT = tomllib.loads(Path("pyproject.toml").read_text(encoding="utf-8"))
RUN = [
    *PROJECT["project"]["dependencies"],
    *(one for extra in PROJECT["project"]["optional-dependencies"].values() for one in extra),
    *PROJECT["build-system"]["requires"],
]
DEV = [*RUN, *PROJECT["dependency-groups"]["test"], *PROJECT["dependency-groups"]["check"]]
WANTED = {"run": RUN, "dev": DEV}
PIN = re.compile(r"([A-Za-z0-9._-]+)(?:\[[^\]]*\])?==(\S+?)(?: ;.*)? \\")


def lock(name: str) -> str:
    return Path(f"requirements/{name}.txt").read_text(encoding="utf-8")


def pins(name: str) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for package, version in PIN.findall(lock(name)):
        found.setdefault(canonicalize_name(package), set()).add(version)
    return found


@pytest.mark.parametrize("name", WANTED)
def test_every_dependency_is_locked_at_a_version_that_is_allowed(name):
    locked = pins(name)
    for text in WANTED[name]:
        wanted = Requirement(text)
        versions = locked.get(canonicalize_name(wanted.name), set())
        assert versions, f"{text} is not locked: run scripts/lock"
        assert all(wanted.specifier.contains(one, prereleases=True) for one in versions), text


@pytest.mark.parametrize("name", WANTED)
def test_every_package_has_hashes_and_none_an_address(name):
    entries = re.split(r"\n(?=\S)", lock(name).strip())
    entries = [one for one in entries if not one.startswith("#")]
    assert len(entries) > 30
    for entry in entries:
        head, *hashes = entry.splitlines()
        assert PIN.fullmatch(head), head
        assert hashes, head
        assert all(re.fullmatch(r" {4}--hash=sha256:[0-9a-f]{64}( \\)?", one) for one in hashes)
    assert "://" not in lock(name)
    assert "index" not in lock(name)


def test_what_runs_is_what_is_tested():
    run, dev = pins("run"), pins("dev")
    assert {name: dev.get(name) for name in run} == run
