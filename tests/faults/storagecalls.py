"""What a real node asked of its disk, as strace tells it, and a disk that forgets what was never synced."""

import random
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

CALLS = ("openat", "pwrite64", "write", "ftruncate", "fsync", "fdatasync", "rename", "unlink")
SECTOR = 512
_LINE = re.compile(r"(\d+) +([\d.]+) (\w+)\((.*)\) += (-?\d+)")
_BEGUN = re.compile(r"(\d+) +([\d.]+) (\w+\(.*) <unfinished \.\.\.>$")
_RESUMED = re.compile(r"(\d+) +[\d.]+ <\.\.\. \w+ resumed>(.*)$")
_HEX = re.compile(r"\\x([0-9a-f]{2})")


@dataclass(frozen=True)
class Call:
    """One call that succeeded; ``time`` is when it began (seconds since 1970), ``at`` an offset or a size."""

    time: float
    name: str
    path: str
    at: int = -1
    data: bytes = b""
    target: str = ""


def parse(text: str) -> Iterator[Call]:
    """Calls in the order in which they were done."""
    begun: dict[str, str] = {}
    for line in text.splitlines():
        if one := _BEGUN.match(line):
            begun[one[1]] = f"{one[1]} {one[2]} {one[3]}"
            continue
        rest = _RESUMED.match(line)
        whole = _LINE.match(line if rest is None else begun.pop(rest[1]) + rest[2])
        if whole is not None and int(whole[5]) >= 0:
            call = _call(float(whole[2]), whole[3], whole[4])
            if call is not None:
                yield call


def _call(time: float, name: str, arguments: str) -> Call | None:
    texts = [_decoded(one) for one in re.findall(r'"([^"]*)"', arguments)]
    places = [_decoded(one).decode() for one in re.findall(r"<([^>]*)>", arguments)]
    if name == "openat":
        made = "O_CREAT" in arguments
        size = 0 if "O_TRUNC" in arguments else -1
        return Call(time, name, texts[0].decode(), size) if made else None
    if name == "rename":
        return Call(time, name, texts[0].decode(), target=texts[1].decode())
    if name == "unlink":
        return Call(time, name, texts[0].decode())
    if name == "pwrite64":
        return Call(time, name, places[0], int(arguments.rpartition(", ")[2]), texts[0])
    if name == "write":
        return Call(time, name, places[0], data=texts[0])
    if name == "ftruncate":
        return Call(time, name, places[0], int(arguments.rpartition(", ")[2]))
    return Call(time, name, places[0])


def _decoded(text: str) -> bytes:
    return bytes.fromhex("".join(_HEX.findall(text)))


@dataclass
class _File:
    """Bytes that are safe, and changes since: (offset, bytes), or (size, None) for a new length."""

    safe: bytes = b""
    length: int = 0
    changes: list[tuple[int, bytes | None]] = field(default_factory=list)

    def sync(self) -> None:
        self.safe, self.changes = _applied(self.safe, self.changes), []


def _applied(safe: bytes, changes: list[tuple[int, bytes | None]]) -> bytes:
    made = bytearray(safe)
    for at, data in changes:
        if data is None:
            made = made[:at].ljust(at, b"\0")
        else:
            made = made.ljust(at, b"\0")
            made[at : at + len(data)] = data
    return bytes(made)


class Disk:
    """Files by path: names as processes see them, and as a power cut would leave them."""

    def __init__(self, files: dict[str, bytes]) -> None:
        self._now = {path: _File(data, len(data)) for path, data in files.items()}
        self._safe = dict(self._now)

    def do(self, call: Call) -> None:
        """Carry out one call."""
        if call.name == "openat":
            file = self._now.setdefault(call.path, _File())
            if call.at == 0 and file.length:
                file.changes.append((0, None))
                file.length = 0
        elif call.name == "rename":
            self._now[call.target] = self._now.pop(call.path)
        elif call.name == "unlink":
            self._now.pop(call.path, None)
        elif call.name in {"fsync", "fdatasync"}:
            self._sync(call.path)
        elif (file := self._now.get(call.path)) is not None:
            self._change(file, call)

    def _change(self, file: _File, call: Call) -> None:
        if call.name == "ftruncate":
            file.changes.append((call.at, None))
            file.length = call.at
            return
        at = file.length if call.name == "write" else call.at
        file.changes.append((at, call.data))
        file.length = max(file.length, at + len(call.data))

    def _sync(self, path: str) -> None:
        if path in self._now:
            self._now[path].sync()
            return
        # A folder: its names are safe now, and those that are gone stay gone.
        inside = f"{path}/"
        elsewhere = {one: file for one, file in self._safe.items() if not one.startswith(inside)}
        here = {one: file for one, file in self._now.items() if one.startswith(inside)}
        self._safe = elsewhere | here

    def after_power_loss(self, dice: random.Random) -> dict[str, bytes]:
        """Files as they could be found: of what was not synced all, nothing, some or torn parts."""
        names = self._now if dice.random() < 0.5 else self._safe
        keep = dice.choice((_all, _none, _some, _torn))
        return {path: _applied(file.safe, keep(file.changes, dice)) for path, file in names.items()}


Changes = list[tuple[int, bytes | None]]


def _all(changes: Changes, _: random.Random) -> Changes:
    return changes


def _none(changes: Changes, _: random.Random) -> Changes:
    return []


def _some(changes: Changes, dice: random.Random) -> Changes:
    return [one for one in changes if dice.random() < 0.5]


def _torn(changes: Changes, dice: random.Random) -> Changes:
    """Sectors of each write on their own."""
    torn: Changes = []
    for at, data in changes:
        if data is None:
            torn.append((at, data))
            continue
        # Sectors lie at multiples of their size in the file.
        start = 0
        while start < len(data):
            end = min(len(data), (at + start) // SECTOR * SECTOR + SECTOR - at)
            if dice.random() < 0.7:
                torn.append((at + start, data[start:end]))
            start = end
    return torn


def read_files(folders: list[Path]) -> dict[str, bytes]:
    """All regular files of these folders as they are now; an index in shared memory is none of the disk's."""
    return {
        str(path): path.read_bytes()
        for folder in folders
        for path in folder.iterdir()
        if path.is_file() and not path.name.endswith("-shm")
    }
