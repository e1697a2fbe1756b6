"""The chain as any stranger reads it: JSON-RPC by hand. Imports nothing of the product."""

import json
import urllib.request
from dataclasses import dataclass

_HEAD = "0xf339e3b2"  # head(bytes32)
_ANCHORED = "0xc25f37d20d47e73c4b065c43ec9f946fd9ece3644c64f3a2ae8c66c75395eee7"  # TreeHeadAnchored

_CLOSED = "0x9d52589a7b62214d41f00826d618e2c06334bd51b66fa563fffb37c0764ed49b"  # LogClosed


@dataclass(frozen=True)
class Event:
    """One anchor event of a log."""

    size: int
    root: bytes
    old_size: int
    old_root: bytes


def head(rpc: str, ledger: str, log_id: bytes) -> tuple[int, bytes]:
    """Size and root the contract holds for a log."""
    call = {"to": f"0x{ledger}", "data": _HEAD + log_id.hex()}
    words = _words(_ask(rpc, "eth_call", [call, "latest"]))
    return int.from_bytes(words[0], "big"), words[1]


def events(rpc: str, ledger: str, log_id: bytes) -> list[Event]:
    """Every anchor event of a log, in the chain's order."""
    asked = {
        "address": f"0x{ledger}",
        "topics": [_ANCHORED, f"0x{log_id.hex()}"],
        "fromBlock": "0x0",
        "toBlock": "latest",
    }
    found = _ask(rpc, "eth_getLogs", [asked])
    found.sort(key=lambda one: (int(one["blockNumber"], 16), int(one["logIndex"], 16)))
    return [_event(one) for one in found]


def closings(rpc: str, registry: str, log_id: bytes) -> list[tuple[int, bytes]]:
    """Size and root of every closing of a log that the registry tells of."""
    topics = [_CLOSED, f"0x{log_id.hex()}"]
    asked = {"address": f"0x{registry}", "topics": topics, "fromBlock": "0x0", "toBlock": "latest"}
    found = [_words(one["data"]) for one in _ask(rpc, "eth_getLogs", [asked])]
    return [(int.from_bytes(size, "big"), root) for size, root, *_ in found]


def transactions(rpc: str, account: str) -> int:
    """How many transactions of an account (hex) are mined."""
    return int(_ask(rpc, "eth_getTransactionCount", [f"0x{account}", "latest"]), 16)


def has_receipt(rpc: str, transaction: str) -> bool:
    """Whether a node has the receipt of a transaction (hex); one that has not says null, or an error."""
    try:
        return _ask(rpc, "eth_getTransactionReceipt", [f"0x{transaction}"]) is not None
    except KeyError:
        return False


def _event(log: dict) -> Event:
    root, old_size, old_root = _words(log["data"])
    return Event(int(log["topics"][2], 16), root, int.from_bytes(old_size, "big"), old_root)


def _words(text: str) -> list[bytes]:
    data = bytes.fromhex(text.removeprefix("0x"))
    return [data[at : at + 32] for at in range(0, len(data), 32)]


def _ask(rpc: str, method: str, params: list):
    body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}).encode()
    request = urllib.request.Request(rpc, body, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=30) as answer:
        said = json.load(answer)
    return said["result"]
