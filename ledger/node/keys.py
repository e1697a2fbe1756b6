"""The keys of one node: one for each purpose, so that none can stand in for another."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from ledger.errors import InputError
from ledger.keys.account import read_account_key
from ledger.keys.known import refuse_known_keys
from ledger.keys.log import LogKey
from ledger.ports import Signer
from ledger.values import Origin


@dataclass(frozen=True)
class NodeKeys:
    """Keys of a node.

    Attributes:
        log: the key of one of the region's own logs, or None where this node does not hold it.
        witness: cosigns the other regions' logs.
        peer: signs read tokens to the other regions.
        anchor: secp256k1 key of the anchor account, 32 bytes.
    """

    log: Callable[[Origin], Signer | None]
    witness: Signer
    peer: Signer
    anchor: bytes

    @classmethod
    def load(cls, folder: Path, network: str) -> NodeKeys:
        """Read ``witness.key``, ``peer.key``, ``anchor.key`` and, when asked for, ``log-<epoch>.key``.

        Raises:
            InputError: a file is missing, readable by others or malformed; key_known outside a demo.
        """

        def log(origin: Origin) -> Signer | None:
            path = folder / f"log-{origin.epoch}.key"
            if not path.exists():
                return None
            key = LogKey.load(path)
            if key.name != str(origin):
                raise InputError("key_name", f"{path.name} is the key of {key.name}, not {origin}")
            refuse_known_keys(network, [key.public_key])
            return key

        keys = cls(
            log=log,
            witness=LogKey.load(folder / "witness.key"),
            peer=LogKey.load(folder / "peer.key"),
            anchor=read_account_key(folder / "anchor.key"),
        )
        refuse_known_keys(network, [keys.witness.public_key, keys.peer.public_key, keys.anchor])
        return keys
