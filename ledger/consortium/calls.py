"""What a validator says of itself over JSON-RPC; never through a proxy that the environment names."""

from __future__ import annotations

import json
from http.client import HTTPConnection, HTTPException

from ledger.consortium.ports import LOOPBACK

_SECONDS = 2.0


def height(port: int) -> int | None:
    """The newest block that the validator on that port has, or None where it does not answer."""
    return _number(port, "eth_blockNumber")


def peers(port: int) -> int | None:
    """How many others it is linked to, or None where it does not answer."""
    return _number(port, "net_peerCount")


def _number(port: int, method: str) -> int | None:
    connection = HTTPConnection(LOOPBACK, port, timeout=_SECONDS)
    body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": []})
    try:
        connection.request("POST", "/", body, {"Content-Type": "application/json"})
        result = json.loads(connection.getresponse().read())["result"]
        return int(result, 16) if isinstance(result, str) else int(result)
    except (OSError, HTTPException, ValueError, KeyError, TypeError):
        # It is starting, or ended, or another program has taken its port.
        return None
    finally:
        connection.close()
