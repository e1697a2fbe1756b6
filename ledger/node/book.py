"""What a node trusts, kept in step with the network file while it runs."""

from __future__ import annotations

from pathlib import Path

from ledger.chain.network import LogEntry, Network, parse_network
from ledger.errors import LedgerError
from ledger.merkle.note import VerifierKey
from ledger.statement import strictjson
from ledger.values import Origin
from ledger.verify.logpolicy import LogPolicy
from ledger.verify.policy import policy_from_network


class NetworkBook:
    """The network file as read last.

    Services hold ``logs``, ``peers`` and the methods by reference, so that an epoch turn reaches them all.

    Attributes:
        data: the file's bytes.
        network: the same, read.
        logs: what is trusted of each log, by origin.
        fault: why the file could not be taken at the last look, or None.
    """

    def __init__(self, path: Path, region: str) -> None:
        self._path = path
        self._region = region
        self.data = b""
        self.logs: dict[Origin, LogPolicy] = {}
        self.network: Network
        self.fault: str | None = None
        self.refresh()

    def refresh(self) -> bool:
        """Read the file again; whether it has changed.

        Raises:
            VerificationError: network_malformed, policy_…; what was read before stays in force.
        """
        data = self._path.read_bytes()
        if data == self.data:
            return False
        network = parse_network(data)
        policy = policy_from_network(strictjson.loads(data, allow_null=True))
        self.data, self.network = data, network
        self.logs.update({log.origin: log for log in policy.logs})
        return True

    def look(self) -> None:
        """Take the file as it is now; one that cannot be read leaves the last one in force."""
        try:
            self.refresh()
        except (LedgerError, OSError) as error:
            self.fault = getattr(error, "code", "network_unreadable")
        else:
            self.fault = None

    @property
    def peer_keys(self) -> dict[str, VerifierKey]:
        """Peer keys of all regions by key name."""
        return {region.peer.name: region.peer for region in self.network.regions}

    def own_logs(self) -> list[LogEntry]:
        """This region's logs, oldest epoch first."""
        return self.network.logs_of(self._region)

    def registrars(self) -> frozenset[str]:
        """Kids (hex) of the registrars of the open log."""
        return self.logs[self.own_logs()[-1].origin].registrars
