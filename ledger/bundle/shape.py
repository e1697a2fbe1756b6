"""Taking strictly parsed JSON apart, so that a wrong member is refused by name and never guessed at."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Collection
from typing import Any

from ledger.errors import VerificationError

_HEX = re.compile(r"(?:[0-9a-f]{2})*")


class Shape:
    """Readers of JSON values that raise VerificationError under one code, with the member's path."""

    def __init__(self, code: str) -> None:
        self._code = code

    def refuse(self, detail: str, path: str) -> VerificationError:
        """Make the error for a member; the caller raises it."""
        return VerificationError(self._code, f"{path or 'the whole'} {detail}", path)

    def members(self, value: object, names: Collection[str], path: str) -> dict[str, Any]:
        """Read an object that has exactly these members."""
        if not isinstance(value, dict):
            raise self.refuse("is not an object", path)
        if value.keys() != set(names):
            odd = sorted(value.keys() ^ set(names))
            raise self.refuse(f"has missing or unknown members: {', '.join(odd)[:200]}", path)
        return value

    def items(self, value: object, path: str, least: int, most: int) -> list[Any]:
        """Read an array of ``least`` to ``most`` elements."""
        if not isinstance(value, list) or not least <= len(value) <= most:
            raise self.refuse(f"is not an array of {least} to {most} elements", path)
        return value

    def text(self, value: object, path: str) -> str:
        """Read a string."""
        if not isinstance(value, str):
            raise self.refuse("is not a string", path)
        return value

    def number(self, value: object, path: str, most: int = 2**53 - 1) -> int:
        """Read an integer from 0 to ``most``; a boolean is none."""
        if type(value) is not int or not 0 <= value <= most:
            raise self.refuse(f"is not an integer from 0 to {most}", path)
        return value

    def flag(self, value: object, path: str) -> bool:
        """Read a boolean."""
        if not isinstance(value, bool):
            raise self.refuse("is not true or false", path)
        return value

    def hexadecimal(self, value: object, path: str, size: int) -> bytes:
        """Read ``size`` bytes of lower-case hex."""
        text = self.text(value, path)
        if len(text) != 2 * size or not _HEX.fullmatch(text):
            raise self.refuse(f"is not {size} bytes of lower-case hex", path)
        return bytes.fromhex(text)

    def base64(self, value: object, path: str) -> bytes:
        """Read standard base64 with padding and zero tail bits (one spelling per value)."""
        text = self.text(value, path)
        try:
            data = base64.b64decode(text.encode("ascii"), validate=True)
        except (binascii.Error, UnicodeEncodeError) as error:
            raise self.refuse("is not base64", path) from error
        if base64.b64encode(data).decode() != text:
            raise self.refuse("is not base64 in its one spelling", path)
        return data
