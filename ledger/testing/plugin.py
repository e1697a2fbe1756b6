"""pytest fixtures for developers who build on the ledger: `local_ledger`, three regions and a chain."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from ledger.testing.running import RunningNetwork


@pytest.fixture(scope="session")
def local_ledger() -> Iterator[RunningNetwork]:
    """Three regions and a dev chain for the whole test session; see RunningNetwork."""
    # Imported here: the plugin is loaded by every pytest run of whoever has the package installed.
    from ledger.testing.running import running_network

    with running_network() as network:
        yield network
