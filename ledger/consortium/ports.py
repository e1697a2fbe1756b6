"""Ports of the validators on loopback, kept for one chain as long as it runs."""

from __future__ import annotations

import secrets
import socket
from contextlib import suppress
from dataclasses import dataclass

from ledger.errors import UnavailableError

LOOPBACK = "127.0.0.1"
_LOWEST, _SIZE, _BLOCKS = 20_000, 32, 384
"""Blocks of ports end below 32768, where Linux begins to hand out ports to connections that go out: while a
validator is down, nobody else is given its ports."""
_TRIES = 200


@dataclass(frozen=True, slots=True)
class Ports:
    """Where one validator listens: for its peers, for Ethereum's clients, and for the engine's own parts."""

    p2p: int
    json_rpc: int
    json_ws: int
    comet: int
    grpc: int


class Reserved:
    """Ports for so many validators; they are ours until ``close``, or until this process ends."""

    def __init__(self, validators: tuple[Ports, ...], guard: socket.socket) -> None:
        self.validators = validators
        self._guard = guard

    def close(self) -> None:
        """Let others have them."""
        self._guard.close()


def reserve(count: int, first: int = 0) -> Reserved:
    """Free ports for ``count`` validators; with ``first`` their JSON-RPC is there and on the ports behind it.

    Raises:
        UnavailableError: port_taken, for a port that was asked for.
    """
    wanted = [first + index for index in range(count)] if first else []
    for port in wanted:
        if not _is_free(port):
            raise UnavailableError("port_taken", f"port {port} of {LOOPBACK} is in use")
    for _ in range(_TRIES):
        base = _LOWEST + _SIZE * secrets.randbelow(_BLOCKS)
        with suppress(OSError):
            # Every chain of ours holds the first port of its block, so that two never share one.
            guard = socket.create_server((LOOPBACK, base))
            if all(_is_free(port) for port in range(base + 1, base + _SIZE)):
                return Reserved(tuple(_shared_out(base, count, wanted)), guard)
            guard.close()
    raise UnavailableError("port_taken", f"no {_SIZE} ports in a row are free on {LOOPBACK}")


def _shared_out(base: int, count: int, wanted: list[int]) -> list[Ports]:
    each = len(Ports.__slots__)
    found = []
    for index in range(count):
        begin = base + 1 + index * each
        ports = dict(zip(Ports.__slots__, range(begin, begin + each), strict=True))
        if wanted:
            ports["json_rpc"] = wanted[index]
        found.append(Ports(**ports))
    return found


def _is_free(port: int) -> bool:
    try:
        socket.create_server((LOOPBACK, port)).close()
    except OSError:
        return False
    return True
