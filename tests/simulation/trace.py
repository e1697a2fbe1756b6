"""What happened, in order: its digest is the same in every run of a seed."""

import hashlib


class Trace:
    """Notes events with the loop's step; ``lines`` are kept only where somebody wants to read them."""

    def __init__(self, loop, *, keep: bool = False) -> None:
        self._loop = loop
        self._digest = hashlib.sha256()
        self._keep = keep
        self.lines: list[str] = []
        self.count = 0

    def note(self, *parts: object) -> int:
        """Note an event; its number, which orders it among all others."""
        self.count += 1
        line = f"{self._loop.steps} {self._loop.time():.5f} {' '.join(map(str, parts))}"
        self._digest.update(line.encode() + b"\n")
        if self._keep:
            self.lines.append(line)
        return self.count

    def digest(self) -> str:
        return self._digest.hexdigest()
