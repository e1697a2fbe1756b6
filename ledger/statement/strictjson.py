"""JSON with one meaning only: what two readers could understand differently is refused.

Refused are duplicate members, floats, NaN and infinities, null, integers beyond 2^53-1, minus zero,
lone surrogates, text that is not NFC, and documents that are too large, too deep or too wide
(RFC 8259 leaves all of these to the reader; RFC 7493 is the model).
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any, NoReturn, TypeAlias
from unicodedata import is_normalized

from ledger.errors import InputError, VerificationError

JSON: TypeAlias = "str | int | bool | list[JSON] | dict[str, JSON] | None"

MAX_INTEGER = 2**53 - 1
MAX_BYTES = 1 << 20
MAX_DEPTH = 32
MAX_MEMBERS = 65_536
_INTEGER_DIGITS = 17
# Far above what any format of ours needs, far below where the decoder runs out of stack.
_SAFE_DEPTH = 256
# A whole string, closed or not, or one bracket; so the brackets found are those outside of strings.
_BRACKET = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"?|[\[{\]}]', re.DOTALL)


@dataclass(frozen=True, slots=True)
class Odd:
    """Stands in a decoded document where the text had something refused, until its path is known."""

    code: str
    detail: str
    name: str | None = None


def odd_float(text: str) -> Odd:
    """Decoder hook: any number with a fraction or an exponent."""
    return Odd("json_float", f"{text[:40]} is not an integer; decimals travel as strings")


def odd_constant(text: str) -> Odd:
    """Decoder hook: NaN, Infinity, -Infinity."""
    return Odd("json_constant", f"{text} is not JSON")


def integer(text: str) -> int | Odd:
    """Decoder hook: an integer that every reader holds exactly (RFC 7493 section 2.2)."""
    # The length goes first: int() of a very long text is slow and at last an error.
    if len(text) <= _INTEGER_DIGITS and text != "-0":
        number = int(text)
        if -MAX_INTEGER <= number <= MAX_INTEGER:
            return number
    return Odd("json_integer", f"{text[:40]} is not an integer between -(2^53-1) and 2^53-1")


def members(pairs: list[tuple[str, Any]]) -> dict[str, Any] | Odd:
    """Decoder hook: an object, each name once."""
    found = dict(pairs)
    if len(found) == len(pairs):
        return found
    return repeated(pairs)


def repeated(pairs: list[tuple[str, Any]]) -> Odd:
    """The name that occurs twice."""
    seen: set[str] = set()
    name = next(name for name, _ in pairs if name in seen or seen.add(name))  # type: ignore[func-returns-value]
    return Odd("json_duplicate_member", f"member {name!r} occurs twice", name)


_DECODER = json.JSONDecoder(
    object_pairs_hook=members,
    parse_int=integer,
    parse_float=odd_float,
    parse_constant=odd_constant,
)
_ENCODER = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":"))


def pointer(path: str, step: str | int) -> str:
    """One step further in a JSON Pointer (RFC 6901)."""
    return f"{path}/{step}" if isinstance(step, int) else f"{path}/{escaped(step)}"


def escaped(name: str) -> str:
    """A member name as a JSON Pointer token; lone surrogates become visible escapes."""
    token = name.replace("~", "~0").replace("/", "~1")
    return token.encode("utf-8", "backslashreplace").decode("utf-8")


def text_of(data: bytes | str, max_bytes: int = MAX_BYTES) -> str:
    """The characters of a document, its size checked first.

    Raises:
        VerificationError: json_too_large, json_encoding.
    """
    if len(data) > max_bytes:
        raise VerificationError("json_too_large", f"document is longer than {max_bytes} bytes")
    if isinstance(data, str):
        return data
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise VerificationError("json_encoding", "document is not UTF-8") from error


def loads(
    data: bytes | str,
    max_bytes: int = MAX_BYTES,
    max_depth: int = MAX_DEPTH,
    max_members: int = MAX_MEMBERS,
    *,
    allow_null: bool = False,
) -> Any:  # noqa: ANN401 - every caller narrows what it reads
    """Decode a document that has one meaning.

    ``max_depth`` counts containers within containers; ``max_members`` counts object members and array
    elements over the whole document.

    Raises:
        VerificationError: json_… with the path of the member that is refused.
    """
    value = decode(text_of(data, max_bytes), _DECODER)
    Walk(max_depth, max_members, allow_null).check(value, "", 0)
    return value


def decode(text: str, decoder: json.JSONDecoder) -> Any:  # noqa: ANN401 - as loads
    """Run a decoder over text that might be hostile.

    Raises:
        VerificationError: json_malformed, json_too_deep.
    """
    # The decoder recurses on the C stack. Its only guard is the recursion limit, which libraries raise
    # (py-evm does, on import); beyond the stack a deep document ends the process without an exception.
    if text.count("[") + text.count("{") > _SAFE_DEPTH:
        _refuse_deep(text)
    try:
        return decoder.decode(text)
    except RecursionError as error:
        raise VerificationError("json_too_deep", "more levels than the stack has left") from error
    except ValueError as error:
        raise VerificationError("json_malformed", f"document is not JSON: {error}") from error


def _refuse_deep(text: str) -> None:
    depth = 0
    for found in _BRACKET.finditer(text):
        bracket = found[0]
        if bracket in "[{":
            depth += 1
            if depth > _SAFE_DEPTH:
                raise VerificationError("json_too_deep", f"more than {_SAFE_DEPTH} levels")
        elif bracket in "]}":
            depth -= 1


def dumps(value: JSON) -> bytes:
    """Encode as compact UTF-8 in the members' own order; refuses what ``loads`` would refuse.

    Raises:
        InputError: json_… with the path.
    """
    try:
        Walk(MAX_DEPTH, MAX_MEMBERS, allow_null=True).check(value, "", 0)
    except VerificationError as error:
        raise InputError(error.code, error.detail, error.path) from error
    return dump_text(value).encode("utf-8")


dump_text = _ENCODER.encode
"""Encode what is known to be sound, without looking at it again."""


class Walk:
    """Goes once through a decoded document and refuses what the decoder let pass."""

    __slots__ = ("_allow_null", "_left", "_max_depth")

    def __init__(self, max_depth: int, max_members: int, allow_null: bool = False) -> None:
        self._max_depth = max_depth
        self._left = max_members
        self._allow_null = allow_null

    def check(self, value: object, path: str, depth: int) -> None:
        """Check a value and all within it."""
        kind = type(value)
        if kind is str:
            check_text(value, path)  # type: ignore[arg-type]
        elif kind is dict or kind is list:
            self._check_container(value, path, depth + 1)  # type: ignore[arg-type]
        elif value is None and self._allow_null:
            return
        elif kind is int:
            if not -MAX_INTEGER <= value <= MAX_INTEGER:  # type: ignore[operator]
                raise VerificationError("json_integer", "integer is beyond 2^53-1", path)
        elif kind is not bool:
            _refuse(value, path)

    def _check_container(
        self, value: dict[str, object] | list[object], path: str, depth: int
    ) -> None:
        if depth > self._max_depth:
            raise VerificationError("json_too_deep", f"more than {self._max_depth} levels", path)
        self._left -= len(value)
        if self._left < 0:
            raise VerificationError("json_too_many_members", "too many members in all", path)
        if isinstance(value, list):
            for index, item in enumerate(value):
                self.check(item, f"{path}/{index}", depth)
            return
        for name, item in value.items():
            if type(name) is not str:
                raise VerificationError("json_malformed", "a member name is not text", path)
            inner = pointer(path, name)
            check_text(name, inner)
            self.check(item, inner, depth)


def check_text(text: str, path: str) -> None:
    """Refuse text that is not NFC or holds a lone surrogate.

    Raises:
        VerificationError: json_surrogate, json_not_nfc.
    """
    if text.isascii():
        return
    try:
        text.encode("utf-8")
    except UnicodeEncodeError as error:
        raise VerificationError("json_surrogate", "text holds a lone surrogate", path) from error
    if not is_normalized("NFC", text):
        raise VerificationError("json_not_nfc", "text is not in Unicode normal form C", path)


def _refuse(value: object, path: str) -> NoReturn:
    if isinstance(value, Odd):
        where = path if value.name is None else pointer(path, value.name)
        raise VerificationError(value.code, value.detail, where)
    if value is None:
        raise VerificationError("json_null", "null is not used", path)
    if isinstance(value, float):
        raise VerificationError("json_float", "decimals travel as strings", path)
    raise VerificationError("json_malformed", f"{type(value).__name__} is not JSON", path)
