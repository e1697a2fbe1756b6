"""Comparing checkpoints that anyone hands in with the tree held here (POST /checkpoints)."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping

from ledger import tree
from ledger.errors import ConflictError, InputError
from ledger.merkle.checkpoint import open_checkpoint, parse_checkpoint
from ledger.merkle.note import parse_note
from ledger.mirroring.findings import Findings
from ledger.mirroring.kept import read_kept
from ledger.ports import Store
from ledger.values import Origin, TreeHead
from ledger.verify.logpolicy import LogPolicy

_MOST_WAITING = 16


class Comparer:
    """Finds heads that a log signed and that its tree, as held here, does not contain."""

    def __init__(
        self,
        region: str,
        store: Store,
        logs: Mapping[Origin, LogPolicy],
        newest_signed: Callable[[Origin], str | None],
        whole: Callable[[Origin], Awaitable[bool]],
        findings: Findings,
    ) -> None:
        self._region = region
        self._store = store
        self._logs = logs
        self._newest_signed = newest_signed
        self._whole = whole
        self._findings = findings
        self._kept: dict[Origin, list[str]] = {}

    async def compare(self, note: str) -> None:
        """Raises VerificationError, InputError(log_unknown), ConflictError(checkpoint_contradiction)."""
        origin = self._origin(parse_checkpoint(parse_note(note).text).origin)
        checkpoint, _ = open_checkpoint(note, self._logs[origin].key)
        contradicts = await self._contradicts(origin, checkpoint.head)
        if contradicts:
            await self._keep(origin, note)
            raise ConflictError(
                "checkpoint_contradiction",
                f"size {checkpoint.head.size} of {origin} has another root in the tree held here",
            )
        if contradicts is None:
            await self._wait(origin, note)

    async def resume(self, origin: Origin) -> None:
        """Compare what was ahead of us when it came, as far as our copy of the log has got there."""
        waiting = await self._waiting(origin)
        if not waiting:
            return
        later = []
        for note in waiting:
            head = parse_checkpoint(parse_note(note).text).head
            contradicts = await self._contradicts(origin, head)
            if contradicts:
                await self._keep(origin, note)
            elif contradicts is None:
                later.append(note)
        if later != waiting:
            await self._put_waiting(origin, later)

    def _origin(self, text: str) -> Origin:
        for origin in self._logs:
            if str(origin) == text:
                return origin
        raise InputError("log_unknown", f"{text[:200]!r} is no log of this network", "/origin")

    async def _contradicts(self, origin: Origin, head: TreeHead) -> bool | None:
        """Whether the tree held here does not contain the head; None until it is long enough to tell."""
        # Asked before the size: a log that becomes whole in between has become longer first.
        whole = origin.region == self._region and await self._whole(origin)
        if head.size > await self._store.size(origin):
            # Our own log may be on its way back from the mirrors. Where it is whole there is nothing beyond
            # what we hold: another copy of us signed it.
            return True if whole else None
        return await tree.root(self._store, origin, head.size) != head.root

    async def _keep(self, origin: Origin, note: str) -> None:
        size = parse_checkpoint(parse_note(note).text).head.size
        ours = await self._our_note(origin, size)
        held = await self._store.size(origin)
        root = await tree.root(self._store, origin, min(size, held))
        await self._findings.keep_json(
            "fork",
            str(origin),
            detail="the log signed a head that its tree held here does not contain",
            size=size,
            held=min(size, held),
            root=root.hex(),
            notes=[note] if ours is None else [note, ours],
        )

    async def _our_note(self, origin: Origin, size: int) -> str | None:
        """A note of the log as we know it: at that size if there is one, else the newest."""
        row = await self._store.anchor(origin, size)
        if row is not None and row.checkpoint is not None:
            return row.checkpoint
        newest = await self._store.newest_anchor(origin)
        return self._newest_signed(origin) or (newest.checkpoint if newest else None)

    async def _wait(self, origin: Origin, note: str) -> None:
        waiting = await self._waiting(origin)
        # By head: cosignatures and strangers' lines below make many notes of one. Only the log itself can
        # sign a head, so the bound is against its own flood.
        known = {_body(one) for one in waiting}
        if _body(note) not in known and len(waiting) < _MOST_WAITING:
            await self._put_waiting(origin, [*waiting, note])

    async def _waiting(self, origin: Origin) -> list[str]:
        """Remembered after the first look: nobody else writes it."""
        if origin not in self._kept:
            kept = read_kept(await self._store.get_meta(_place(origin)))
            notes = kept if isinstance(kept, list) else []
            self._kept[origin] = [note for note in notes if isinstance(note, str)]
        return self._kept[origin]

    async def _put_waiting(self, origin: Origin, notes: list[str]) -> None:
        await self._store.put_meta(_place(origin), json.dumps(notes))
        self._kept[origin] = notes


def _body(note: str) -> str:
    return note.partition("\n\n")[0]


def _place(origin: Origin) -> str:
    return f"compare/{origin}"
