"""For developers who build on the ledger: a network in one process, demo parties, scenarios, fixtures."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ledger.testing.running import RunningNetwork, example_invoice, running_network

__all__ = ["RunningNetwork", "example_invoice", "running_network"]


def __getattr__(name: str) -> object:
    """Load the network only when it is used: the pytest plugin of this package is loaded everywhere."""
    if name in __all__:
        from ledger.testing import running

        return getattr(running, name)
    raise AttributeError(name)
