"""The product's tree as one hash: cases count only for the very code they ran on."""

import hashlib
import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[2]
PRODUCT = ("contracts", "gateway", "ledger")


def tree_hash(root: Path = ROOT) -> str:
    """SHA-256 over the names and bytes of all files that git knows or would take, as they lie there now."""
    names = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z", *PRODUCT],
        cwd=root, check=True, capture_output=True, text=True,
    ).stdout  # fmt: skip
    total = hashlib.sha256()
    for name in sorted({one for one in names.split("\0") if one}):
        file = root / name
        if file.is_file():
            total.update(f"{name}\0{hashlib.sha256(file.read_bytes()).hexdigest()}\n".encode())
    return total.hexdigest()
