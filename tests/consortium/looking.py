"""How validators look from outside: what they answer, which processes there are, where those listen."""

import json
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

_OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))
_LISTENS = "0A"


def ask(url: str, method: str, *params: object) -> Any:
    """The result of one JSON-RPC call, or the whole error object."""
    body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": params})
    request = urllib.request.Request(url, body.encode(), {"Content-Type": "application/json"})
    with _OPENER.open(request, timeout=20) as answer:
        told = json.loads(answer.read())
    return told.get("result", told.get("error"))


def until(looked: Callable[[], Any], what: str, seconds: float = 90) -> Any:
    """Look until it is true."""
    end = time.monotonic() + seconds
    while not (seen := looked()):
        assert time.monotonic() < end, f"not in {seconds} s: {what}"
        time.sleep(0.1)
    return seen


def children(pid: int) -> list[int]:
    return [int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def listening(pid: int) -> set[tuple[str, int]]:
    """Address, as the kernel writes it, and port of every TCP socket that the process listens on."""
    links = [str(one.readlink()) for one in Path(f"/proc/{pid}/fd").iterdir() if one.is_symlink()]
    own = {one[8:-1] for one in links if one.startswith("socket:[")}
    found = set()
    for table in ("tcp", "tcp6"):
        for line in Path(f"/proc/{pid}/net/{table}").read_text().splitlines()[1:]:
            _, local, _, state, *rest = line.split()
            if state == _LISTENS and rest[5] in own:
                address, port = local.split(":")
                found.add((address, int(port, 16)))
    return found
