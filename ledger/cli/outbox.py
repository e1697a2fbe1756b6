"""Receipts, and beside them what was signed but not answered: so that a second run posts the same bytes.

A statement that was signed twice would be two statements; the region takes the first and refuses the
second, and nobody could tell a lost answer from a conflict.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from ledger.cli.files import write_file
from ledger.client import Receipt
from ledger.errors import InputError


class Outbox:
    """The receipts file, and ``<receipts>.unanswered`` beside it.

    Raises InputError(receipts_malformed) where a file holds something else.
    """

    def __init__(self, receipts: Path) -> None:
        self._receipts = receipts
        self._beside = receipts.with_name(receipts.name + ".unanswered")
        _mend(receipts)
        self._signed: dict[str, str] = {
            line["row"]: line["statement"] for line in _lines(self._beside)
        }
        self._answered: dict[str, dict[str, Any]] = {
            line["row"]: line["receipt"] for line in _lines(receipts)
        }

    def receipt(self, row: str) -> dict[str, Any] | None:
        """The receipt that an earlier run got for the row."""
        return self._answered.get(row)

    def knows(self, row: str) -> bool:
        """Whether an earlier run signed the row."""
        return row in self._signed or row in self._answered

    def statement(self, row: str) -> str | None:
        """The row as an earlier run signed it, unanswered since."""
        return self._signed.get(row)

    def keep(self, signed: Mapping[str, str]) -> None:
        """Keep statements, durably, before they are posted."""
        self._signed.update(signed)
        self._write_signed()

    def settle(self, receipts: Iterable[tuple[str, str, Receipt]], refused: Iterable[str]) -> None:
        """Write receipts (row, place, receipt), durably, then let go of what was answered."""
        lines: list[dict[str, Any]] = []
        for row, place, receipt in receipts:
            self._answered[row] = asdict(receipt)
            self._signed.pop(row, None)
            lines.append({"row": row, "place": place, "receipt": self._answered[row]})
        # Receipts first: a crash in between costs a repeat, which is harmless, never a receipt.
        if lines:
            _append(self._receipts, lines)
        for row in refused:
            self._signed.pop(row, None)
        self._write_signed()

    def _write_signed(self) -> None:
        if self._signed:
            lines = [{"row": row, "statement": text} for row, text in self._signed.items()]
            write_file(self._beside, _encode(lines))
        else:
            self._beside.unlink(missing_ok=True)


def _lines(path: Path) -> list[dict[str, Any]]:
    if not path.exists():
        return []
    try:
        lines = [json.loads(line) for line in path.read_bytes().splitlines()]
    except ValueError as error:
        raise InputError("receipts_malformed", f"{path} is no file of receipts") from error
    if not all(isinstance(line, dict) and "row" in line for line in lines):
        raise InputError("receipts_malformed", f"{path} is no file of receipts")
    return lines


def _append(path: Path, lines: Iterable[Mapping[str, Any]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("ab") as file:
        file.write(_encode(lines))
        file.flush()
        os.fsync(file.fileno())


def _mend(path: Path) -> None:
    """Cut off a line that a crash tore, which would swallow the next one."""
    if path.exists():
        data = path.read_bytes()
        whole = data.rfind(b"\n") + 1
        if whole < len(data):
            os.truncate(path, whole)


def _encode(lines: Iterable[Mapping[str, Any]]) -> bytes:
    return b"".join(json.dumps(line, ensure_ascii=False).encode() + b"\n" for line in lines)
