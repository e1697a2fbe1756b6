"""Reaching the network: its file, the author's key, clients of its nodes."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import typer

from ledger.chain.network import Network, read_network
from ledger.client import NodeClient, ReadTokens
from ledger.errors import InputError
from ledger.keys.author import AuthorKey
from ledger.keys.known import refuse_known_keys
from ledger.node.world import SystemClock, SystemRandom
from ledger.statement.certificates import read_certificate


def open_key(path: Path) -> AuthorKey:
    """Load an author's key; asks for its passphrase on a terminal.

    Raises as AuthorKey.load.
    """
    try:
        return AuthorKey.load(path)
    except InputError as error:
        if error.code != "key_passphrase" or not sys.stdin.isatty():
            raise
    passphrase: str = typer.prompt(f"Passphrase of {path}", hide_input=True, err=True)
    return AuthorKey.load(path, passphrase.encode())


@dataclass(frozen=True)
class Door:
    """A network as one author, or (key None) as the public."""

    network: Network
    key: AuthorKey | None = None
    node_url: str | None = None
    clock: SystemClock = field(default_factory=SystemClock)
    random: SystemRandom = field(default_factory=SystemRandom)

    @classmethod
    def open(cls, network: Path, key: Path | None = None, node_url: str | None = None) -> Door:
        """Read the network file and the key.

        Raises:
            VerificationError: network_malformed.
            InputError: key_…, key_publicly_known, certificate_missing.
        """
        known = read_network(network)
        signer = None if key is None else open_key(key)
        if signer is not None:
            refuse_known_keys(known.name, [signer.certificate])
        return cls(known, signer, node_url)

    @property
    def signer(self) -> AuthorKey:
        """The author's key; raises InputError(key_missing)."""
        if self.key is None:
            raise InputError("key_missing", "name the author's key with --key")
        return self.key

    @property
    def issuer(self) -> str:
        """The author as statements name it."""
        return read_certificate(self.signer.certificate).iss

    def regions(self, only: str | None) -> list[str]:
        """The region named, or all of them; raises InputError(region_unknown, region_missing)."""
        if self.node_url is not None and only is None:
            raise InputError("region_missing", "--node is one region's: name it with --region")
        if only is not None:
            return [self.network.region(only).name]
        return [entry.name for entry in self.network.regions]

    @asynccontextmanager
    async def node(self, region: str) -> AsyncIterator[NodeClient]:
        """A client of the region's node, with the author's rights if there is a key."""
        url = self.node_url or self.network.region(region).url
        tokens = None
        if self.key is not None:
            audience = f"{self.network.name}/{region}"
            tokens = ReadTokens.of_author(audience, self.key, self.clock, self.random)
        async with NodeClient(url, region=region, tokens=tokens) as client:
            yield client
