"""One running network for all tests of the command line: three regions and a chain take a while."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from ledger.chain.network import write_network
from ledger.keys.account import write_account_key
from ledger.keys.demo import demo_account, demo_author
from ledger.testing import running_network
from ledger.testing.founding import registrar
from ledger.testing.running import RunningNetwork
from ledger.testing.scenarios import parties
from tests.unit.cli.made_up import network


@dataclass(frozen=True)
class Place:
    """A running network, and a folder with the files that users of it have."""

    running: RunningNetwork
    folder: Path

    @property
    def network(self) -> Path:
        """The network file."""
        return self.running.local.network_file

    @property
    def rpc(self) -> str:
        """JSON-RPC of its chain."""
        return self.running.local.rpc_url

    def key(self, party: str) -> Path:
        """The key file of a demo party, its certificate beside it."""
        path = self.folder / f"{party}.key"
        if not path.exists():
            known = self.running.party(party)
            demo_author(party, known.uscc, known.name).save(path)
        return path

    def registrar(self, region: str) -> Path:
        """The key file of a region's registrar."""
        path = self.folder / f"registrar-{region}.key"
        if not path.exists():
            registrar(region).save(path)
        return path

    def authority(self, region: str) -> Path:
        """The account key file of a region's authority."""
        path = self.folder / f"authority-{region}.key"
        if not path.exists():
            write_account_key(path, demo_account(f"{region}/authority"))
        return path


# For this folder only, as every running network: an idle one still costs a seventh of a processor.
@pytest.fixture(scope="package")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """The running network."""
    with running_network() as running:
        yield Place(running, tmp_path_factory.mktemp("users"))


@pytest.fixture
def network_file(tmp_path: Path) -> Path:
    """The file of a network that no node stands behind."""
    path = tmp_path / "network.json"
    write_network(path, network())
    return path


@pytest.fixture
def importer(tmp_path: Path) -> Path:
    """The key file of a demo importer, its certificate beside it."""
    path = tmp_path / "keys" / "importer.key"
    known = parties()["importer_bj"]
    demo_author("importer_bj", known.uscc, known.name).save(path)
    return path
