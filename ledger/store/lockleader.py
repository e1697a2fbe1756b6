"""Two further files of a lock folder: whom a region's holders follow, and the folder's own name.

The name is bound to the folder (device and inode) and to the machine, so that a copy of a lock folder does
not pass for the lock that it was copied from: it may be older than what was promised since.
"""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

from ledger.ports import LeaderToken
from ledger.store.lockfile import checked, unchecked
from ledger.values import Origin

_LEADER = re.compile(
    r"jjj leader 1\n(?P<region>[^\n]+)\n(?P<number>0|[1-9][0-9]{0,18})\n"
    r"(?P<mark>[0-9a-f]{16})\n(?P<lock>[0-9a-f]{32})\n"
)
_INSTANCE = re.compile(r"jjj lock instance 1\n(?P<identity>[0-9a-f]{32})\n(?P<place>[^\n]*)\n")
_MACHINE = Path("/etc/machine-id")


def leader_name(origin: Origin) -> str:
    """File name; all logs of a region share one leader, so that an epoch turn changes nothing."""
    digest = hashlib.sha256(_region_of(origin).encode()).hexdigest()
    return f"{origin.region}-{digest[:16]}.leader"


def format_leader(origin: Origin, leader: LeaderToken) -> bytes:
    """Content of a leader file."""
    return checked(
        f"jjj leader 1\n{_region_of(origin)}\n{leader.number}\n"
        f"{leader.mark.hex()}\n{leader.lock.hex()}\n"
    )


def parse_leader(origin: Origin, content: bytes) -> LeaderToken | None:
    """The leader in a file; None where it is torn or another region's."""
    match = _LEADER.fullmatch(unchecked(content) or "")
    if match is None or match["region"] != _region_of(origin):
        return None
    return LeaderToken(
        int(match["number"]), bytes.fromhex(match["mark"]), bytes.fromhex(match["lock"])
    )


def instance(directory: Path, identity: bytes) -> bytes:
    """Content of the file that names a folder."""
    return checked(f"jjj lock instance 1\n{identity.hex()}\n{_place(directory)}\n")


def identity_of(directory: Path, content: bytes) -> bytes | None:
    """The name in such a file, where it was written for this folder on this machine."""
    match = _INSTANCE.fullmatch(unchecked(content) or "")
    if match is None or match["place"] != _place(directory):
        return None
    return bytes.fromhex(match["identity"])


def _region_of(origin: Origin) -> str:
    return f"{origin.network}/{origin.region}"


def _place(directory: Path) -> str:
    found = directory.stat()
    try:
        machine = _MACHINE.read_bytes().strip()
    except OSError:
        # A machine without a name: what is left to tell it by is the folder itself.
        machine = b""
    return f"{found.st_dev} {found.st_ino} {hashlib.sha256(machine).hexdigest()[:32]}"
