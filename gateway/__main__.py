"""`python -m gateway`: serve the gateway with settings from the environment; prints its address."""

from __future__ import annotations

import argparse
import errno
import socket
import sys
import threading

import uvicorn
from pydantic import ValidationError

from gateway.app import create_app
from gateway.settings import GatewaySettings
from ledger.listening import BoundedConnection, listen


def main() -> None:
    """Serve until stopped."""
    parser = argparse.ArgumentParser(prog="python -m gateway", description=__doc__)
    parser.add_argument(
        "--any-port", action="store_true", help="take a free port where the set one is in use"
    )
    parser.add_argument(
        "--with-parent", action="store_true", help="end when standard input is closed"
    )
    given = parser.parse_args()
    try:
        settings = GatewaySettings()
        listening = _bind(settings.listen_host, settings.listen_port, any_port=given.any_port)
    except (ValidationError, OSError) as error:
        sys.exit(f"gateway: {_why(error)}")
    print(f"http://{settings.listen_host}:{listening.getsockname()[1]}", flush=True)  # noqa: T201 - told to the caller
    config = uvicorn.Config(
        create_app(settings),
        http=BoundedConnection,
        ws="none",
        log_level="warning",
        server_header=False,
    )
    server = uvicorn.Server(config)
    if given.with_parent:
        threading.Thread(target=_end_with_parent, args=(server,), daemon=True).start()
    server.run(sockets=[listening])


def _end_with_parent(server: uvicorn.Server) -> None:
    # The parent holds the other end and never writes: it is read to its end when the parent has ended,
    # however that happened.
    sys.stdin.read()
    server.should_exit = True


def _why(error: ValidationError | OSError) -> str:
    if isinstance(error, OSError):
        return error.strerror or str(error)
    return "; ".join(
        f"{GatewaySettings.variable(one['loc'])}: {one['msg']}" for one in error.errors()
    )


def _bind(host: str, port: int, *, any_port: bool) -> socket.socket:
    try:
        return listen(host, port)
    except OSError as error:
        if not any_port or error.errno != errno.EADDRINUSE:
            raise
        return listen(host, 0)


if __name__ == "__main__":
    main()
