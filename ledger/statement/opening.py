"""Opening slots with the disclosures at hand, those inside disclosed values too (RFC 9901 section 7.1)."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from ledger.errors import VerificationError
from ledger.statement import base64url, strictjson
from ledger.statement.slots import (
    CLOSED,
    DECODER,
    MAX_SLOTS,
    MAX_VALUE_DEPTH,
    Path,
    Slot,
    check_digests,
    check_names,
    digests_of,
    list_slots,
    pointer_to,
    refuse,
    refuse_shape,
    slots_of,
)
from ledger.statement.strictjson import Odd

_SALT = re.compile(r"[A-Za-z0-9_-]{21}[AQgw]")
# Salt and a text without escapes: what the JSON decoder would read the same way, only slower.
_PLAIN = re.compile(r'\["([A-Za-z0-9_-]{21}[AQgw])", ?"([^"\\\x00-\x1f]*)"\]')
_NO_DISCLOSURE: Final[tuple[str | None, bytes | None]] = (None, None)


class Opener:
    """Opens slots with the disclosures at hand and remembers what became of each.

    After ``fields``, ``met`` has every slot's path with the disclosure that opened it, or None where it
    stays closed, in the order of the slots, a slot before those inside it; ``left`` has the disclosures
    that opened none.
    """

    __slots__ = ("_left", "_nested_digests", "_salts", "_template", "met")

    def __init__(self, template: Mapping[str, Sequence[Any]], disclosures: Sequence[str]) -> None:
        carried = [text.encode("utf-8", "surrogatepass") for text in disclosures]
        decoded = base64url.decode_each(disclosures)
        self._left = dict(
            zip(digests_of(carried), zip(disclosures, decoded, strict=True), strict=True)
        )
        self._template = template
        self._nested_digests: set[str] = set()
        self._salts: list[str] = []
        self.met: list[tuple[Path, str | None]] = []

    @property
    def left(self) -> tuple[str, ...]:
        """The disclosures that no slot has taken."""
        return tuple([disclosure for disclosure, _ in self._left.values()])

    def fields(self) -> dict[str, Any]:
        """The opened fields of the template, which ``read_slots`` has passed."""
        found: dict[str, Any] = {}
        for name, shape in self._template.items():
            if shape and type(shape[0]) is tuple:
                found[name] = self._open((name,), shape[0][0], 0)
            else:
                found[name] = [self._open((name, i), c[0][0], 1) for i, c in enumerate(shape)]
        if len(set(self._salts)) != len(self._salts):
            raise VerificationError("disclosure_salt", "two disclosures have one salt", "/fields")
        return found

    def _open(self, path: Path, digest: str, depth: int) -> object:
        disclosure, data = self._left.pop(digest, _NO_DISCLOSURE)
        self.met.append((path, disclosure))
        if disclosure is None:
            return CLOSED
        try:
            text = data.decode("utf-8")  # type: ignore[union-attr]
        except (UnicodeDecodeError, AttributeError):
            refuse("disclosure_malformed", "disclosure is not base64url of UTF-8", path)
        # Nearly all disclosures are of this form, and the pattern reads them faster than the decoder.
        plain = _PLAIN.fullmatch(text)
        salt, value = plain.groups() if plain else read_disclosure(text, path)
        self._salts.append(salt)
        if type(value) is str and value.isascii():
            return value
        return self._value(value, path, depth)

    def _value(self, value: object, path: Path, depth: int) -> object:
        if isinstance(value, str):
            strictjson.check_text(value, pointer_to(path))
            return value
        if isinstance(value, int):
            return value
        if isinstance(value, Odd):
            where = path if value.name is None else (*path, value.name)
            refuse(value.code, value.detail, where)
        if depth >= MAX_VALUE_DEPTH:
            refuse("json_too_deep", f"value is nested more than {MAX_VALUE_DEPTH} deep", path)
        if isinstance(value, list):
            return [self._value(v, (*path, i), depth + 1) for i, v in enumerate(value)]
        if isinstance(value, dict):
            check_names(value, pointer_to(path))
            return {n: self._member(v, (*path, n), depth + 1) for n, v in value.items()}
        if value is None:
            refuse("json_null", "null is not used", path)
        return refuse_shape(path)

    def _member(self, value: object, path: Path, depth: int) -> object:
        """A member of an object: the only place inside a value where slots may stand."""
        if type(value) is not list:
            return self._value(value, path, depth)
        if any(type(item) is tuple for item in value):
            if len(value) != 1:
                refuse_shape(path)
            return self._nested([Slot(path, value[0][0])], depth)[0]
        if any(type(item) is list and any(type(x) is tuple for x in item) for item in value):
            if depth >= MAX_VALUE_DEPTH:
                refuse("json_too_deep", f"value is nested more than {MAX_VALUE_DEPTH} deep", path)
            return self._nested(list_slots(path, value), depth + 1)
        return self._value(value, path, depth)

    def _nested(self, slots: list[Slot], depth: int) -> list[object]:
        check_digests(slots)
        if len(self.met) + len(slots) > MAX_SLOTS:
            raise VerificationError("slots_too_many", f"more than {MAX_SLOTS} slots", "/fields")
        # Slots of the payload are known to differ; only now may one of them be met a second time.
        known = self._nested_digests or {slot.digest for slot in slots_of(self._template)}
        for path, digest in slots:
            if digest in known:
                refuse("digest_repeated", "digest stands in two slots", path)
            known.add(digest)
        self._nested_digests = known
        return [self._open(path, digest, depth) for path, digest in slots]


def read_disclosure(text: str, path: Path) -> tuple[str, object]:
    """The salt and value in the JSON of the disclosure that opened the slot at ``path``.

    Raises:
        VerificationError: disclosure_malformed, disclosure_salt.
    """
    try:
        parts = strictjson.decode(text, DECODER)
    except VerificationError as error:
        raise VerificationError(
            "disclosure_malformed", "disclosure is not JSON", pointer_to(path)
        ) from error
    if type(parts) is not list or len(parts) != 2:
        refuse("disclosure_malformed", "disclosure is not salt and value", path)
    salt = parts[0]
    if type(salt) is not str or not _SALT.fullmatch(salt):
        refuse("disclosure_salt", "salt is not 16 bytes in base64url", path)
    return salt, parts[1]
