"""The wheel is all that a developer outside needs: built, unpacked and used far from this repository."""

import os
import subprocess
import sys
from pathlib import Path
from zipfile import ZipFile

import pytest

ROOT = Path(__file__).parents[2]

OUTSIDE = """
import asyncio
from pathlib import Path

import gateway
import ledger
from ledger.client import NodeClient
from ledger.testing import example_invoice


def test_this_is_the_wheel():
    for package in (ledger, gateway):
        assert Path(package.__file__).is_relative_to({site!r})


def test_post_read_and_verify(local_ledger):
    firm = local_ledger.party("importer_bj")
    receipt = local_ledger.post(firm, "tianjin", **example_invoice())
    local_ledger.settle()
    assert local_ledger.verify(local_ledger.bundle(receipt.id)).verdict == "passed"

    async def read():
        async with NodeClient(local_ledger.local.network.region("hebei").url) as node:
            return await node.record(receipt.id)

    assert asyncio.run(read()).region == "tianjin"
"""


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """The wheel's content as an installer lays it down."""
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder / "dist")]
    done = subprocess.run(build, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    [wheel] = (folder / "dist").glob("*.whl")
    with ZipFile(wheel) as file:
        file.extractall(folder / "site")
    return folder / "site"


def test_it_holds_what_the_packages_hold_and_nothing_else(site):
    tracked = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard", "ledger", "gateway"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    ).stdout.splitlines()  # fmt: skip
    there = {name for name in tracked if (ROOT / name).is_file()}
    packed = {str(one.relative_to(site)) for one in site.rglob("*") if one.is_file()}
    assert {name for name in packed if ".dist-info/" not in name} == there


def test_type_checkers_may_read_it(site):
    assert (site / "ledger/py.typed").is_file()
    assert (site / "gateway/py.typed").is_file()


def test_the_fixture_and_the_client_work_outside_the_repository(site, tmp_path):
    (tmp_path / "test_outside.py").write_text(OUTSIDE.format(site=str(site)))
    # The plugin is found by the wheel's own entry point, before that of an editable installation.
    done = subprocess.run(
        [sys.executable, "-P", "-m", "pytest", "-q", "-p", "no:cacheprovider", "-W", "error"],
        cwd=tmp_path,
        env={"PATH": os.environ["PATH"], "HOME": str(tmp_path), "PYTHONPATH": str(site)},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert "2 passed" in done.stdout
