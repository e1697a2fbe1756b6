"""Measure what an anchor costs, in real transactions; `python -m tests.contracts.gas` writes gas.json.

Gas depends on sizes, not on hashes, so a tree of equal leaves serves. Per row: 12 random old sizes below
2**k and the one whose tree ends at 2**k - 1 (or at 2**k for multiples of 256), each grown by 256 leaves.
"""

import json
import random
import statistics
from pathlib import Path

from tests.contracts.devnet import Devnet, start
from tests.contracts.trees import Tree, uniform_tree

TABLE = Path(__file__).with_name("gas.json")
BATCH = 256
POWERS = (10, 16, 20, 24)
SAMPLES = 12


def old_sizes(power: int, aligned: bool, rng: random.Random) -> list[int]:
    """Old sizes of one row."""
    step = BATCH if aligned else 1
    top = (1 << power) - (BATCH if aligned else BATCH + 1)
    low = 1 << power - 1
    return sorted({top, *(rng.randrange(low, top) // step * step for _ in range(SAMPLES))})


def measure(devnet: Devnet, log: bytes, tree: Tree, power: int, aligned: bool) -> dict[str, int]:
    """One row: median and largest gas, and how many anchors were measured."""
    used = []
    for old in old_sizes(power, aligned, random.Random(f"gas {power} {aligned}")):
        snapshot = devnet.tester.take_snapshot()
        anchor(devnet, log, tree, 0, old)
        used.append(anchor(devnet, log, tree, old, old + BATCH))
        devnet.tester.revert_to_snapshot(snapshot)
    return {"anchors": len(used), "max": max(used), "median": round(statistics.median(used))}


def anchor(devnet: Devnet, log: bytes, tree: Tree, old: int, size: int) -> int:
    """Move the head from `old` to `size` and return the gas used."""
    proof = tree.proof(old, size) if old else []
    call = devnet.ledger.functions.anchor(log, size, tree.root(0, size), proof)
    return int(devnet.send(call, devnet.accounts[3])["gasUsed"])


def table() -> dict[str, dict[str, dict[str, int]]]:
    """The whole table, keyed by kind of size and by tree size."""
    rows: dict[str, dict[str, dict[str, int]]] = {}
    for name, aligned in (("any size", False), ("multiples of 256", True)):
        devnet = start()
        log = devnet.register(0, "demo/beijing/1")
        tree = uniform_tree()
        rows[name] = {f"2^{k}": measure(devnet, log, tree, k, aligned) for k in POWERS}
    return rows


def text(rows: dict[str, dict[str, dict[str, int]]]) -> str:
    """The committed form."""
    return json.dumps(rows, indent=1, sort_keys=True) + "\n"


if __name__ == "__main__":
    TABLE.write_text(text(table()), encoding="utf-8")
    print(TABLE.read_text(encoding="utf-8"))
