"""Sockets that servers listen on."""

from __future__ import annotations

import socket


def listen(host: str, port: int) -> socket.socket:
    """A listening TCP socket (port 0: any free one); its connections send small answers at once.

    Raises OSError.
    """
    listening = socket.create_server((host, port))
    # Accepted connections inherit it. asyncio sets it on sockets of its own only: without it the body of an
    # answer waits up to 40 ms for the client to acknowledge the headers.
    listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listening
